/** Form of the URL of the Prometheus exporter. */
export const PROMETHEUS_FORM = 'prometheus://host[:9332]';
