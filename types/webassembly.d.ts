// What src/wire/sha256x4.ts uses of WebAssembly: TypeScript declares it for browsers alone, and Node's types
// leave it to that.
declare namespace WebAssembly {
  const Module: new (bytes: Uint8Array) => object;
  const Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
}
