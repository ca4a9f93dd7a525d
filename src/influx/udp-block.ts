/**
 * The part of InfluxDB 1.x's configuration that writes points from UDP into a database, as in
 * config/influxdb.conf.
 */
export function udpBlock(database: string): string {
  return `[[udp]]
  enabled = true
  bind-address = "127.0.0.1:8089"
  database = "${database.replace(/["\\]/g, '\\$&')}"
  precision = "n"
  batch-size = 5000
  batch-pending = 100
  batch-timeout = "1s"
  read-buffer = 8388608
`;
}
