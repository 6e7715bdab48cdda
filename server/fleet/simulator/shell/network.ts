/**
 * What a container reaches by name: the services of its tenant on its cluster, and itself. A request is answered by a ready pod behind the service, by
 * turns; where none is ready, or the port is no service's, it is refused. There is no other network.
 */
import { Complaint, STEP, write, type Environment, type Program, type Io } from "./world.ts";

interface Target {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

function targetOf(text: string): Target {
  const match = /^(?:(https?):\/\/)?([A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?(\/[^\s]*)?$/.exec(text);
  if (match === null) throw new Complaint("(3) URL rejected: Malformed input to a URL function", 3);
  return { host: match[2] as string, port: match[3] === undefined ? (match[1] === "https" ? 443 : 80) : Number(match[3]), path: match[4] ?? "/" };
}

/** Where a request ends up: the address of a pod. @throws Complaint */
function endpointOf({ world }: Environment, { host, port }: Target): string {
  const { view } = world;
  const refused = new Complaint(`(7) Failed to connect to ${host} port ${port}: Connection refused`, 7);
  if (host === "localhost" || host === "127.0.0.1" || host === view.podName || host === view.address) {
    if (!view.spec.ports.some(({ containerPort, protocol }) => containerPort === port && protocol === "TCP")) throw refused;
    return view.address ?? "127.0.0.1";
  }
  const service = world.service(host);
  if (service === null) {
    if (/^[\d.]+$/.test(host)) throw new Complaint(`(7) Failed to connect to ${host} port ${port}: No route to host`, 7);
    throw new Complaint(`(6) Could not resolve host: ${host}`, 6);
  }
  const [first] = service.endpoints;
  if (!service.ports.includes(port) || first === undefined) throw refused;
  return service.endpoints[Math.floor(world.now()) % service.endpoints.length] ?? first;
}

export function* curl(args: readonly string[], io: Io, environment: Environment): Program {
  let [isHead, isIncluded, isQuiet, url, method] = [false, false, false, "", "GET"];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (arg === "-I" || arg === "--head") [isHead, method] = [true, "HEAD"];
    else if (arg === "-i" || arg === "--include") isIncluded = true;
    else if (arg === "-X" || arg === "--request") method = (args[(index += 1)] ?? "GET").slice(0, 16);
    else if (["-H", "-d", "-o", "-O", "-m", "-w", "--max-time", "--header", "--data", "--connect-timeout", "-T"].includes(arg)) index += 1;
    else if (/^-[a-zA-Z]+$/.test(arg) && arg.includes("s") && !arg.includes("S")) isQuiet = true;
    else if (!arg.startsWith("-")) url = arg;
  }
  if (url === "") throw new Complaint("try 'curl --help' for more information", 2);
  yield STEP;
  const target = targetOf(url);
  try {
    const endpoint = endpointOf(environment, target);
    const body = `${method} ${target.path} answered by ${endpoint}\n`;
    if (isHead || isIncluded) yield* write(io.out, `HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: ${body.length}\n\n`);
    if (!isHead) yield* write(io.out, body);
    return 0;
  } catch (error) {
    if (error instanceof Complaint && isQuiet) return error.exitCode;
    throw error;
  }
}

export function* lookUp([host = ""]: readonly string[], io: Io, { world }: Environment): Program {
  yield STEP;
  const service = world.service(host);
  if (service === null) {
    yield* write(io.err, `** server can't find ${host}: NXDOMAIN\n`);
    return 1;
  }
  yield* write(io.out, `Name:\t${service.name}\nAddress: ${service.address}\n`);
  return 0;
}
