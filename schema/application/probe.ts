import type { HttpHeader as HttpHeaderValue, Lifecycle as LifecycleValue, Probe as ProbeValue, ProbeHandler as ProbeHandlerValue } from "../../server/domain/pod-template.ts";
import { builder } from "../builder.ts";

type Of<T extends ProbeHandlerValue["type"]> = Extract<ProbeHandlerValue, { readonly type: T }>;

const HttpHeader = builder.objectRef<HttpHeaderValue>("HttpHeader").implement({
  access: "VIEWER",
  fields: (t) => ({ name: t.exposeString("name"), value: t.exposeString("value") }),
});

const HttpGetProbe = builder.objectRef<Of<"HttpGetProbe">>("HttpGetProbe").implement({
  access: "VIEWER",
  fields: (t) => ({ path: t.exposeString("path"), port: t.exposeInt("port"), headers: t.expose("headers", { type: [HttpHeader] }) }),
});
const TcpSocketProbe = builder.objectRef<Of<"TcpSocketProbe">>("TcpSocketProbe").implement({ access: "VIEWER", fields: (t) => ({ port: t.exposeInt("port") }) });
const ExecProbe = builder.objectRef<Of<"ExecProbe">>("ExecProbe").implement({ access: "VIEWER", fields: (t) => ({ command: t.expose("command", { type: ["String"] }) }) });
const GrpcProbe = builder.objectRef<Of<"GrpcProbe">>("GrpcProbe").implement({
  access: "VIEWER",
  fields: (t) => ({ port: t.exposeInt("port"), service: t.exposeString("service", { nullable: true }) }),
});

const ProbeHandler = builder.unionType("ProbeHandler", {
  types: [HttpGetProbe, TcpSocketProbe, ExecProbe, GrpcProbe],
  resolveType: ({ type }) => type,
});

export const Probe = builder.objectRef<ProbeValue>("Probe").implement({
  access: "VIEWER",
  fields: (t) => ({
    handler: t.expose("handler", { type: ProbeHandler }),
    initialDelaySeconds: t.exposeInt("initialDelaySeconds"),
    periodSeconds: t.exposeInt("periodSeconds"),
    timeoutSeconds: t.exposeInt("timeoutSeconds"),
    successThreshold: t.exposeInt("successThreshold"),
    failureThreshold: t.exposeInt("failureThreshold"),
  }),
});

export const Lifecycle = builder.objectRef<LifecycleValue>("Lifecycle").implement({
  access: "VIEWER",
  fields: (t) => ({
    postStart: t.expose("postStart", { type: ["String"], nullable: true }),
    preStop: t.expose("preStop", { type: ["String"], nullable: true }),
  }),
});
