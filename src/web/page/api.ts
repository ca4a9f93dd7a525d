import type { LiveChain } from '../../live/live';
import type { WhyAnswer } from '../../why/why-answer';
import type {
  Info,
  PanelAnswer,
  PanelList,
  PeerAnswer,
  QueryAnswer,
  QueryRequest,
  Schema,
} from './api-types';

/** A request that was refused or got no answer. The message is the server's line, which can be shown. */
export class ApiError extends Error {
  /** @param status of HTTP; 0 if there was no answer */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** After this time without an answer, the connection counts as lost. */
const PATIENCE_MS = 30_000;

/** The node's HTTP API, at the same origin. */
export class Api {
  /** @param onSignedOut called if the server requires a token */
  constructor(private readonly options: { readonly onSignedOut: () => void }) {}

  info(): Promise<Info> {
    return this.json<Info>('/api/info');
  }

  panels(): Promise<PanelList> {
    return this.json<PanelList>('/api/panels');
  }

  panel(name: string, params: URLSearchParams, signal: AbortSignal): Promise<PanelAnswer> {
    return this.json<PanelAnswer>(`${panelPath(name)}?${params.toString()}`, { signal });
  }

  /** @throws ApiError with status 404 if the peer is not connected any more */
  peer(id: number): Promise<PeerAnswer> {
    return this.json<PeerAnswer>(`/api/peer?id=${id}`);
  }

  /** @throws ApiError with status 404 where no node runs */
  chain(signal: AbortSignal): Promise<LiveChain> {
    return this.json<LiveChain>('/api/chain', { signal });
  }

  schema(): Promise<Schema> {
    return this.json<Schema>('/api/series');
  }

  why(id: string, signal: AbortSignal): Promise<WhyAnswer> {
    return this.json<WhyAnswer>(`/api/why?${new URLSearchParams({ id }).toString()}`, { signal });
  }

  query(request: QueryRequest, signal: AbortSignal): Promise<QueryAnswer> {
    return this.json<QueryAnswer>('/api/query', { ...posted(request), signal });
  }

  async queryCsv(request: QueryRequest): Promise<Blob> {
    return (await this.ask('/api/query', posted({ ...request, format: 'csv' }))).blob();
  }

  private async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    return (await (await this.ask(path, init)).json()) as T;
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, late]) : late;
    let response: Response;
    try {
      response = await fetch(path, { ...init, signal, credentials: 'same-origin', cache: 'no-store' });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new ApiError(0, late.aborted ? 'the node does not answer' : 'the node can’t be reached');
    }
    if (response.ok) return response;
    if (response.status === 401) this.options.onSignedOut();
    throw new ApiError(response.status, await errorLine(response));
  }
}

/** Path of a panel's answer. */
export function panelPath(name: string): string {
  return `/api/panels/${encodeURIComponent(name)}`;
}

function posted(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function errorLine(response: Response): Promise<string> {
  const fallback = `the node answered with status ${response.status}`;
  try {
    const body = (await response.json()) as { error?: unknown };
    return typeof body.error === 'string' ? body.error : fallback;
  } catch {
    return fallback;
  }
}
