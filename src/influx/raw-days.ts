/** How long the points of a new database are kept, in days. */
export const DEFAULT_RAW_DAYS = 30;
