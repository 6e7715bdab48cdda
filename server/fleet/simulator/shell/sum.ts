import { Complaint } from "./world.ts";

/** What `$((…))` is: whole numbers, + - * / %, comparisons and brackets. @throws Complaint */
export function sumOf(text: string, variable: (name: string) => string): number {
  const tokens = text.match(/\d+|[A-Za-z_]\w*|[<>=!]=|[-+*/%()<>]|\S/g) ?? [];
  if (tokens.length > 500) throw new Complaint("arithmetic expression is too long", 2);
  let at = 0;
  const bad = (): Complaint => new Complaint("arithmetic syntax error", 2);
  const value = (): number => {
    const token = tokens[at++];
    if (token === undefined) throw bad();
    if (token === "-") return -value();
    if (token === "+") return value();
    if (token === "(") {
      const inner = compared();
      if (tokens[at++] !== ")") throw bad();
      return inner;
    }
    if (/^\d+$/.test(token)) return Number(token);
    if (!/^[A-Za-z_]/.test(token)) throw bad();
    return Math.trunc(Number(variable(token))) || 0;
  };
  const product = (): number => {
    let result = value();
    for (let sign = tokens[at]; sign === "*" || sign === "/" || sign === "%"; sign = tokens[at]) {
      at += 1;
      const other = value();
      if (sign !== "*" && other === 0) throw new Complaint("divide by zero", 2);
      result = Math.trunc(sign === "*" ? result * other : sign === "/" ? result / other : result % other);
    }
    return result;
  };
  const sum = (): number => {
    let result = product();
    for (let sign = tokens[at]; sign === "+" || sign === "-"; sign = tokens[at]) {
      at += 1;
      result = sign === "+" ? result + product() : result - product();
    }
    return result;
  };
  const compared = (): number => {
    const left = sum();
    const sign = tokens[at];
    if (sign === undefined || !["<", ">", "<=", ">=", "==", "!="].includes(sign)) return left;
    at += 1;
    const right = sum();
    return Number(sign === "<" ? left < right : sign === ">" ? left > right : sign === "<=" ? left <= right : sign === ">=" ? left >= right : sign === "==" ? left === right : left !== right);
  };
  const result = tokens.length === 0 ? 0 : compared();
  if (at < tokens.length) throw bad();
  return result;
}
