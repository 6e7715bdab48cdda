import { MAX_SERVICE_PORTS } from "../../server/domain/service-rules.ts";
import type { ServicesResult } from "../../server/services/index.ts";
import { builder } from "../builder.ts";
import { Operation } from "../operation/ref.ts";
import { batchAnswered, BatchPayload, DeleteManyInput } from "../shared/batch.ts";
import { Protocol, ServiceType } from "../shared/enums.ts";
import { type Answered, answered, UserError } from "../shared/user-errors.ts";
import { Service } from "./ref.ts";

const ServicePortInput = builder.inputType("ServicePortInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    protocol: t.field({ type: Protocol, required: true, defaultValue: "TCP" }),
    port: t.int({ required: true }),
    containerPort: t.int({ required: true }),
  }),
});
const PORTS = `1 to ${MAX_SERVICE_PORTS}; names and port+protocol unique.`;

const CreateServiceInput = builder.inputType("CreateServiceInput", {
  fields: (t) => ({
    name: t.string({ required: true }),
    applicationId: t.id({ required: true }),
    ports: t.field({ type: [ServicePortInput], required: true, description: PORTS }),
    clusterIds: t.idList({ description: "Default: every cluster that the application runs on." }),
    type: t.field({ type: ServiceType, required: true, defaultValue: "CLUSTER_IP" }),
    idempotencyKey: t.string(),
  }),
});

const UpdateServiceInput = builder.inputType("UpdateServiceInput", {
  fields: (t) => ({
    serviceId: t.id({ required: true }),
    ports: t.field({ type: [ServicePortInput], required: true, description: PORTS }),
    expectedVersion: t.int(),
    idempotencyKey: t.string(),
  }),
});

const ServicesPayload = builder.objectRef<Answered<ServicesResult>>("ServicesPayload").implement({
  access: "VIEWER",
  fields: (t) => ({
    services: t.entities(Service, ({ value }) => value?.serviceIds ?? []),
    operation: t.entity(Operation, ({ value }) => value?.operationId ?? null),
    userErrors: t.expose("userErrors", { type: [UserError] }),
  }),
});

builder.mutationFields((t) => ({
  createServices: t.field({
    type: ServicesPayload,
    access: "OPERATOR",
    description: "One on each cluster.",
    args: { input: t.arg({ type: CreateServiceInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.services.create(actor, input)),
  }),
  updateService: t.field({
    type: ServicesPayload,
    access: "OPERATOR",
    args: { input: t.arg({ type: UpdateServiceInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => answered(await services.services.update(actor, input)),
  }),
  deleteServices: t.field({
    type: BatchPayload,
    access: "OPERATOR",
    // As many as may be deleted.
    weight: 100,
    args: { input: t.arg({ type: DeleteManyInput, required: true }) },
    resolve: async (_root, { input }, { services, actor }) => batchAnswered(input.ids, await services.services.delete(actor, input)),
  }),
}));
