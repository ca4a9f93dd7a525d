/** Form of the URL of the UDP exporter. */
export const INFLUX_UDP_FORM = 'influx+udp://host[:8089]';
