import { findProgram, requirement } from './requires';

const REMEDY = 'install Prometheus (Debian: apt-get install prometheus)';

/** Declares that a test file needs a Prometheus server. */
export const prometheus = requirement('prometheus', () => findProgram('prometheus'), REMEDY);

/** Declares that a test file needs Prometheus's checker. */
export const promtool = requirement('promtool', () => findProgram('promtool'), REMEDY);
