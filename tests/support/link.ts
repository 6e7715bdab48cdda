import type { AgentConnection, AgentMessage, GatewayConnection, GatewayMessage, LinkListener } from "#server/fleet/link.ts";

/** Both ends of a connection inside one thread. Messages are copied, as any transport does, and arrive in order, later. */
export interface LinkPair {
  readonly listener: LinkListener;
  /** A new connection, as an agent sees it. */
  dial(): AgentConnection;
}

export function linkPair(): LinkPair {
  let accept: ((connection: GatewayConnection) => void) | null = null;
  return {
    listener: {
      onConnection: (listener) => {
        accept = listener;
      },
      close: async () => {
        accept = null;
      },
    },
    dial: () => {
      const [agent, gateway] = ends<AgentMessage, GatewayMessage>();
      accept?.(gateway);
      return agent;
    },
  };
}

function ends<A, B>(): [{ send(message: A): void } & Events<B>, { send(message: B): void } & Events<A>] {
  const toAgent: ((message: B) => void)[] = [];
  const toGateway: ((message: A) => void)[] = [];
  const closed: ((reason: string) => void)[] = [];
  let open = true;
  const close = (reason: string): void => {
    if (!open) return;
    open = false;
    setImmediate(() => closed.forEach((listener) => listener(reason)));
  };
  const deliver = <M>(listeners: readonly ((message: M) => void)[], message: M): void => {
    if (!open) return;
    const copy = structuredClone(message);
    setImmediate(() => open && listeners.forEach((listener) => listener(copy)));
  };
  return [
    { ...UNBOUNDED, send: (message) => deliver(toGateway, message), onMessage: (listener) => void toAgent.push(listener), onClose: (listener) => void closed.push(listener), close },
    { ...UNBOUNDED, send: (message) => deliver(toAgent, message), onMessage: (listener) => void toGateway.push(listener), onClose: (listener) => void closed.push(listener), close },
  ];
}

const UNBOUNDED = { buffered: 0, onDrain: (): void => undefined };

interface Events<M> {
  readonly buffered: number;
  onDrain(listener: () => void): void;
  onMessage(listener: (message: M) => void): void;
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
}
