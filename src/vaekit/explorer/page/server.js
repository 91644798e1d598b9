// The source of everything shown: vaekit's server, over HTTP.

import {fromBase64} from "./packed.js";

/** The server that this page came from; the address's fragment is the token that it asks for. */
export class ServerSource {
  constructor() {
    this.headers = {authorization: `Bearer ${location.hash.slice(1)}`};
    this.scene_ = null;
  }

  async ask(path, query = {}, options = {}) {
    const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null));
    const address = `api/${path}${words.size ? `?${words}` : ""}`;
    let reply;
    try {
      reply = await fetch(address, {cache: "no-store", ...options, headers: {...this.headers, ...options.headers}});
    } catch {
      throw new Error("The explorer does not answer: it was stopped, or the connection is gone. Start it again and reload.");
    }
    if (reply.ok) return reply;
    const {error} = await reply.json().catch(() => ({error: `The explorer answered ${reply.status} to ${path}.`}));
    throw new Error(error);
  }

  async facts(path, query) {
    return (await this.ask(path, query)).json();
  }

  async bytes(path, query, options) {
    return (await this.ask(path, query, options)).arrayBuffer();
  }

  async floats(path, query, options) {
    return new Float32Array(await this.bytes(path, query, options));
  }

  async scene() {
    this.scene_ = await this.facts("scene");
    return this.scene_;
  }

  async plane(key) {
    const [plane, points] = await Promise.all([this.facts("plane", {key}), this.floats("points", {key})]);
    return {...plane, points};
  }

  async column(name) {
    const {kind} = this.scene_.columns.find((column) => column.name === name);
    const buffer = await this.bytes("column", {name});
    return kind === "number" ? new Float32Array(buffer) : new Uint16Array(buffer);
  }

  async row(index) {
    const {code, original, reconstruction, ...rest} = await this.facts("row", {index});
    return {...rest, code: unpacked(code), original: one(original), reconstruction: one(reconstruction)};
  }

  codes(rows) {
    return this.floats("codes", {rows: rows.join(",")});
  }

  async originals(rows) {
    return this.rows(await this.bytes("originals", {rows: rows.join(",")}), rows.length);
  }

  async decode(codes, told) {
    const body = await this.bytes("decode", {told: told && JSON.stringify(told)}, {method: "POST", body: codes});
    return this.rows(body, codes.length / this.scene_.latent);
  }

  async encode(given, told) {
    const isFile = given instanceof Blob;
    const query = {told: told && JSON.stringify(told), ...(isFile ? {} : {height: given.height, width: given.width})};
    const headers = {"content-type": isFile ? given.type || "image/unknown" : "application/octet-stream"};
    const reply = await this.ask("encode", query, {method: "POST", body: isFile ? given : given.data, headers});
    const {code, prepared, reconstruction, ...rest} = await reply.json();
    return {...rest, code: unpacked(code), prepared: one(prepared), reconstruction: one(reconstruction)};
  }

  elbos() {
    return this.floats("elbos");
  }

  draw(n, from, seed, told) {
    return this.floats("draw", {n, from, seed, told: told && JSON.stringify(told)});
  }

  direction(attribute, method) {
    return this.floats("direction", {attribute, method});
  }

  async table(rows) {
    const reply = await this.ask("table", {}, {method: "POST", body: Uint32Array.from(rows)});
    return reply.text();
  }

  card() {
    return this.facts("card");
  }

  rows(buffer, n) {
    return {n, data: this.scene_.shown === "picture" ? new Uint8Array(buffer) : new Float32Array(buffer)};
  }
}

/** The array that lies in JSON as {dtype, shape, base64}. */
function unpacked({dtype, base64}) {
  const bytes = fromBase64(base64);
  return dtype === "u1" ? bytes : new Float32Array(bytes.buffer);
}

function one(packed) {
  return {n: 1, data: unpacked(packed)};
}
