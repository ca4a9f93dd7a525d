/**
 * Up to this many peers, those that are wanted are found as Core finds its few: one dial in half a second, no
 * two peers of one netgroup, each asked for addresses. It is the default limit of connections of Core and
 * btcd. More peers are a crowd: they are dialled as fast as the event loop allows, and spread by shares.
 */
export const MOST_WITHOUT_CROWD = 125;
