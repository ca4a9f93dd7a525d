import { byId, setText } from './dom';
import { digits } from './format';

/** With fewer peers there is nothing to filter. */
const LEAST_PEERS = 20;

/** The field above the table of peers that filters it, and the number of those that are left. */
export class PeerFilter {
  private readonly label = byId('peer-filter', 'label');
  private readonly said = byId('peer-filter-said', 'span');

  constructor(onChange: (text: string) => void) {
    const field = byId('peer-filter-text', 'input');
    field.addEventListener('input', () => onChange(field.value));
  }

  /** Shows how many of all peers are left. */
  show(left: number, all: number): void {
    this.label.hidden = all < LEAST_PEERS;
    setText(this.said, left === all ? `${digits(all)} peers` : `${digits(left)} of ${digits(all)} peers`);
  }
}
