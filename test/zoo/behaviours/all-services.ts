import type { Behaviour } from '../behaviour';

export const allServices: Behaviour = {
  name: 'all-services',
  does: 'Claims all 64 service bits.',
  ends: 'stays',
  run: async (cage) => {
    await cage.join({ claims: { services: 0xffff_ffff_ffff_ffffn } });
    await cage.pause(2_000);
  },
};
