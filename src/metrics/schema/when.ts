/** When the points of a series are written that has one in each interval. */
export const perInterval = 'once an interval (`--interval`, default 5 s), also when nothing happened';
