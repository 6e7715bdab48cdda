import { describe, expect, it } from "vitest";
import { amount, applicationNamed, containerValue, keyAndValue, operationNamed, port, variable, variableName } from "#clients/cli/arguments.ts";
import { UsageError } from "#clients/cli/exit.ts";

describe("changes of containers", () => {
  it("take a container, or none", () => {
    expect(containerValue("web=nginx:1.29", undefined)).toEqual([{ container: "web", value: "nginx:1.29" }]);
    expect(containerValue("registry.example.com:5000/web@sha256:abc", [{ container: "a", value: "b" }])).toEqual([{ container: "a", value: "b" }, { container: null, value: "registry.example.com:5000/web@sha256:abc" }]);
    for (const wrong of ["", "web=", "=nginx"]) expect(() => containerValue(wrong, undefined)).toThrow("container=value");
  });

  it("take variables whose values have colons and signs of equality", () => {
    expect(variable("URL=http://basket:8082/?a=b", undefined)).toEqual([{ container: null, name: "URL", value: "http://basket:8082/?a=b" }]);
    expect(variable("web:URL=http://basket:8082", undefined)).toEqual([{ container: "web", name: "URL", value: "http://basket:8082" }]);
    expect(variable("EMPTY=", undefined)).toEqual([{ container: null, name: "EMPTY", value: "" }]);
    expect(variable("LINES=a\nb", undefined)).toEqual([{ container: null, name: "LINES", value: "a\nb" }]);
    for (const wrong of ["NAME", "=value", ":NAME=value", "a:b:C=d"]) expect(() => variable(wrong, undefined)).toThrow("NAME=value");
    expect(variableName("web:URL", undefined)).toEqual([{ container: "web", value: "URL" }]);
    expect(() => variableName("URL=x", undefined)).toThrow("container:NAME");
  });
});

describe("ports", () => {
  it.each([
    ["80", { name: null, port: 80, containerPort: 80, protocol: "TCP" }],
    ["http=80:8080/tcp", { name: "http", port: 80, containerPort: 8080, protocol: "TCP" }],
    ["53/UDP", { name: null, port: 53, containerPort: 53, protocol: "UDP" }],
  ])("%s", (text, wanted) => {
    expect(port(text, undefined)).toEqual([wanted]);
  });

  it.each(["", "http", "80:", "80/sctp", "http=", "800000", "=80"])("%j is none", (text) => {
    expect(() => port(text, undefined)).toThrow("containerPort");
  });
});

describe("small words", () => {
  it("are amounts", () => {
    expect([amount("2"), amount("25%"), amount("0")]).toEqual([{ count: 2 }, { percent: 25 }, { count: 0 }]);
    for (const wrong of ["", "-1", "1.5", "%", "25 %"]) expect(() => amount(wrong)).toThrow("25%");
  });

  it("are keys with values", () => {
    expect(keyAndValue("a=b=c", undefined)).toEqual([["a", "b=c"]]);
    expect(() => keyAndValue("=b", undefined)).toThrow("key=value");
  });

  it("name an application in any of three ways", () => {
    for (const words of [["storefront"], ["app", "storefront"], ["applications", "storefront"], ["app/storefront"]]) expect(applicationNamed(words)).toBe("storefront");
    expect(applicationNamed(["app"])).toBe("app");
    expect(operationNamed(["op", "Operation.1"])).toBe("Operation.1");
    for (const words of [[], [""], ["pod", "storefront"], ["app", "a", "b"], ["deploy/storefront"]]) expect(() => applicationNamed(words)).toThrow(UsageError);
  });
});
