import path from 'node:path';
import ts from 'typescript';

/** The path that the source would have. Its imports are relative to this folder. */
const FILE = path.join(__dirname, 'compile.virtual.ts');

/** The errors that the compiler reports for a source. */
export function compileErrors(source: string): readonly string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (name) => name === FILE || disk.fileExists(name),
    readFile: (name) => (name === FILE ? source : disk.readFile(name)),
    getSourceFile: (name, version, ...rest) =>
      name === FILE ? ts.createSourceFile(name, source, version) : disk.getSourceFile(name, version, ...rest),
  };
  const program = ts.createProgram([FILE], options, host);
  const file = program.getSourceFile(FILE);
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
    ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'),
  );
}
