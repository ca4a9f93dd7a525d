/** Variables that the process gets. None of them is a secret of this program or of others. */
const ENVIRONMENT = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_\w+|LD_\w+|DYLD_\w+|FAKETIME\w*)$/;

/**
 * One arena of glibc's allocator for all threads. With an arena for each thread, freed memory stays in it: an
 * idle process of a store took 5 MB more. DuckDB's data is in its own allocator.
 */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };

/**
 * No lists of freed pieces for each thread: they keep pages that hold nothing else. An idle process of a
 * store takes 1 MB less.
 */
const NO_THREAD_CACHES = { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0' };

/**
 * DuckDB's allocator (jemalloc) keeps freed pieces of up to 4 kB for each thread, and not of 32 kB as is its
 * default: an idle process of a store takes 2 MB less. Large pieces begin at a page, and not somewhere within
 * one more: 3 MB less. There is one arena and not one for each processor: another 3 MB less.
 */
const SMALL_CACHES = { DUCKDB_JE_MALLOC_CONF: 'lg_tcache_max:12,cache_oblivious:false,narenas:1' };

/** The environment of a process that this program starts for itself. */
export function childEnvironment(): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => ENVIRONMENT.test(name))),
    ...ONE_ARENA,
    ...NO_THREAD_CACHES,
    ...SMALL_CACHES,
  };
}
