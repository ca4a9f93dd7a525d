/** How the URL of Prometheus' exporter is written. */
export const PROMETHEUS_FORM = 'prometheus://host[:9332]';
