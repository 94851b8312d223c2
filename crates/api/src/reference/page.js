// The API reference: reads /openapi.json (OpenAPI 3.1) and draws it.
//
// Every node is made with createElement and text nodes; no string from the document is ever parsed as HTML. Schemas may
// refer to themselves: tables and samples stop where a name comes back.

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
/** References to references are followed this far: more would be a defect of the document. */
const DEPTH_MAX = 12;
/** Formats that only repeat what `integer` or `number` says to a client. */
const MACHINE_FORMAT = /^(u?int\d+|float|double)$/;
const FORMAT_SAMPLES = { "date-time": "2026-03-15T14:30:00Z", date: "2026-03-15", email: "ada@example.com",
  uri: "https://example.com/", uuid: "0195a1f2-7c3e-7d4a-9b1c-2f6e8d0a4b57", ipv4: "192.0.2.1" };

let api; // the document

start();

async function start() {
  const main = document.getElementById("content");
  main.replaceChildren(el("p", { role: "status" }, "Loading the reference …"));
  try {
    const reply = await fetch("/openapi.json", { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
    api = await reply.json();
    draw(main);
  } catch (error) {
    console.error(error);
    main.replaceChildren(el("p", { role: "alert", class: "alert" }, "The reference could not be drawn: ", error.message,
      ". The document itself is at ", el("a", { href: "/openapi.json" }, "/openapi.json"), "."));
  }
}

function draw(main) {
  const groups = operationsByTag();
  document.title = `${api.info.title}: reference`;
  document.getElementById("home").textContent = api.info.title;
  const intro = introduction();
  main.replaceChildren(intro, ...groups.map(tagSection));
  fillContents(intro, groups);
  // The target of a deep link exists only now.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

// ---- The document: operations and schemas ----

/** `[{name, description, operations}]` in the order of the document's tags, then of first use. */
function operationsByTag() {
  const groups = new Map((api.tags ?? []).map((tag) => [tag.name, { ...tag, operations: [] }]));
  for (const [path, item] of Object.entries(api.paths ?? {})) {
    for (const method of METHODS.filter((method) => item[method])) {
      const operation = { ...item[method], method, path, id: slug(`${method} ${path}`) };
      operation.parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(parameter);
      const tag = operation.tags?.[0] ?? "Other";
      if (!groups.has(tag)) groups.set(tag, { name: tag, operations: [] });
      groups.get(tag).operations.push(operation);
    }
  }
  return [...groups.values()].filter((group) => group.operations.length);
}

/** A parameter may be absent, but there is no way to write a null. */
function parameter(node) {
  const { schema, ...rest } = deref(node);
  return { ...rest, schema: { ...settle(schema), nullable: false } };
}

/** Follows a local reference; what stands beside `$ref` (a description, say) wins over the target's. */
function deref(node, depth = 0) {
  if (!node?.$ref || depth > DEPTH_MAX) return node ?? {};
  const { $ref, ...beside } = node;
  const keys = $ref.replace(/^#\//, "").split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const target = keys.reduce((at, key) => at?.[key], api);
  return { name: keys.at(-1), ...deref(target, depth + 1), ...beside };
}

/** One plain schema: references followed, `allOf` merged, "X or null" turned into X with `nullable`. */
function settle(schema, depth = 0) {
  if (typeof schema !== "object" || schema === null || depth > DEPTH_MAX) return {};
  let { allOf, anyOf, oneOf = anyOf, ...out } = deref(schema);
  if (allOf) {
    const parts = allOf.map((part) => settle(part, depth + 1));
    if (parts.length > 1) for (const part of parts) delete part.name; // the sum is none of its parts
    out = merge(parts.reduce(merge), out);
  }
  if (oneOf) {
    const options = oneOf.filter((option) => option.type !== "null");
    if (options.length < oneOf.length) out.nullable = true;
    if (options.length === 1) out = merge(settle(options[0], depth + 1), out);
    else out.oneOf = options;
  }
  if (Array.isArray(out.type)) {
    const types = out.type.filter((type) => type !== "null");
    if (types.length < out.type.length) out.nullable = true;
    out.type = types.length === 1 ? types[0] : types;
  }
  return out;
}

/** `over` wins, except that the properties of both count. */
function merge(under, over) {
  const out = { ...under, ...over };
  if (under.properties && over.properties) out.properties = { ...under.properties, ...over.properties };
  if (under.required && over.required) out.required = [...under.required, ...over.required];
  return out;
}

/** The schemas with properties that a value of this one is or holds; `names` are those passed on the way, its own last. */
function inside(schema, seen = []) {
  const s = settle(schema);
  const names = s.name ? [...seen, s.name] : seen;
  if (s.properties) return [{ ...s, names }];
  if (seen.includes(s.name)) return [];
  const below = s.oneOf ?? [s.items ?? s.additionalProperties].filter(Boolean);
  return below.flatMap((one) => inside(one, names));
}

function typeName(schema, seen = []) {
  const s = settle(schema);
  if (seen.includes(s.name)) return s.name;
  const format = s.format && !MACHINE_FORMAT.test(s.format) ? ` (${s.format})` : "";
  return bareType(s, s.name ? [...seen, s.name] : seen) + format + (s.nullable ? " or null" : "");
}

function bareType(s, seen) {
  const name = (one) => typeName(one, seen);
  if (s.type === "array" && s.prefixItems) return `[${s.prefixItems.map(name).join(", ")}]`;
  if (s.type === "array") return `array of ${s.items ? name(s.items) : "anything"}`;
  if (s.oneOf) return s.name ?? [...new Set(s.oneOf.map(name))].join(" or ");
  if (s.properties) return s.name ?? "object";
  if (s.additionalProperties) return `map of ${name(s.additionalProperties)}`;
  return [s.type ?? (s.enum ? typeof s.enum[0] : "anything")].flat().join(" or ");
}

/** What a value must satisfy beyond its type, and each item of a list: a list of lists of nodes. */
function constraints(schema, ofItems = true) {
  const s = settle(schema);
  const all = [
    range(s.minLength, s.maxLength, " characters"), range(s.minItems, s.maxItems, " items"),
    range(s.minProperties, s.maxProperties, " entries"), range(s.minimum, s.maximum, ""),
    s.exclusiveMinimum !== undefined && `more than ${s.exclusiveMinimum}`,
    s.exclusiveMaximum !== undefined && `less than ${s.exclusiveMaximum}`,
    s.multipleOf && `a multiple of ${s.multipleOf}`, s.uniqueItems && "no duplicates",
    s.contentEncoding, s.contentMediaType, s.readOnly && "read only", s.writeOnly && "write only",
    s.pattern && ["matches ", code(s.pattern)], s.enum && choice(s.enum), s.const !== undefined && choice([s.const]),
    s.default !== undefined && s.default !== null && ["default ", code(s.default)],
  ].filter(Boolean).map((one) => [one].flat());
  const each = s.items && ofItems ? constraints(s.items, false).map((one) => ["each ", ...one]) : [];
  return [...all, ...each];
}

function range(min, max, unit) {
  const [low, high] = [min, max].map((bound) => bound?.toLocaleString("en"));
  if (min !== undefined && max !== undefined) return min === max ? `exactly ${low}${unit}` : `${low} to ${high}${unit}`;
  if (max !== undefined) return `at most ${high}${unit}`;
  return min ? `at least ${low}${unit}` : null; // an unsigned number's "at least 0" says nothing new
}

function choice(values) {
  const codes = values.flatMap((value, i) => [i ? ", " : "", code(value)]);
  return [values.length === 1 ? "always " : "one of ", ...codes];
}

// ---- Examples and commands ----

/** `[{label, value}]`: the media type's own examples, or one made from its schema. */
function examplesOf(media, whole) {
  const named = Object.entries(media.examples ?? {}).map(([name, example]) => {
    const { summary, value } = deref(example);
    return { label: summary ?? name, value };
  });
  if (named.length) return named;
  return [{ label: "Example", value: media.example ?? sample(media.schema, whole) }];
}

/**
 * A value that fits the schema. Of a request (`whole` false) only what is required or has an example of its own;
 * undefined, which JSON leaves out, for a schema within itself.
 */
function sample(schema, whole, seen = []) {
  const s = settle(schema);
  const given = ownExample(s) ?? s.default ?? s.const ?? s.enum?.[0];
  if (given !== undefined || seen.includes(s.name)) return given;
  const below = (one) => sample(one, whole, s.name ? [...seen, s.name] : seen);
  if (s.properties) return sampleObject(s, whole, below);
  if (s.oneOf) return below(s.oneOf[0]);
  if (s.prefixItems) return s.prefixItems.map(below);
  if (s.type === "array") return [s.items && below(s.items)].filter((item) => item !== undefined);
  if (s.type === "object") return s.additionalProperties ? { key: below(s.additionalProperties) } : {};
  if (s.nullable && !s.type) return null;
  return FORMAT_SAMPLES[s.format] ?? { boolean: true, integer: s.minimum ?? 1, number: s.minimum ?? 1 }[s.type] ?? "string";
}

function sampleObject(s, whole, below) {
  const wanted = ([name, value]) => whole || s.required?.includes(name) || ownExample(settle(value)) !== undefined;
  const entries = Object.entries(s.properties);
  const chosen = entries.some(wanted) ? entries.filter(wanted) : entries;
  return Object.fromEntries(chosen.map(([name, value]) => [name, below(value)]));
}

function ownExample(s) {
  return s.example ?? s.examples?.[0];
}

/** A command for a POSIX shell; the key comes from the variable API_KEY. */
function curl(operation, type, value) {
  const { headers, query } = credentials(operation);
  let path = operation.path;
  for (const p of operation.parameters) {
    const given = p.example ?? Object.values(p.examples ?? {})[0]?.value ?? ownExample(settle(p.schema));
    if (!p.required && given === undefined) continue;
    const text = [given ?? (p.in === "path" ? p.name.toUpperCase() : sample(p.schema))].flat().join(",");
    if (p.in === "path") path = path.replace(`{${p.name}}`, encodeURIComponent(text));
    if (p.in === "query") query.push(`${encodeURIComponent(p.name)}=${encodeURIComponent(text)}`);
    if (p.in === "header") headers.push(`-H ${quote(`${p.name}: ${text}`)}`);
  }
  const base = new URL(api.servers?.[0]?.url ?? "/", location.origin).href.replace(/\/$/, "");
  const url = base + path + (query.length ? `?${query.join("&")}` : "");
  const verb = { get: "curl", head: "curl --head" }[operation.method] ?? `curl -X ${operation.method.toUpperCase()}`;
  // Only a key in the query needs the shell to look into the URL.
  const target = url.includes("$API_KEY") ? `"${url}"` : quote(url);
  return [`${verb} ${target}`, ...headers, ...payload(type, value)].join(" \\\n  ");
}

function payload(type, value) {
  if (!type) return [];
  const header = `-H ${quote(`Content-Type: ${type}`)}`;
  if (/json/.test(type)) return [header, `-d ${quote(JSON.stringify(value, null, 2))}`];
  const fields = Object.entries(typeof value === "object" && value ? value : {});
  if (/urlencoded/.test(type)) return fields.map(([name, v]) => `--data-urlencode ${quote(`${name}=${v}`)}`);
  if (/multipart/.test(type)) return fields.map(([name, v]) => `-F ${quote(`${name}=${v}`)}`);
  return [header, `--data-binary ${typeof value === "string" && value.includes("\n") ? quote(value) : "@FILE"}`];
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The ways in, each a list of named schemes; `[]` when the operation is public. */
function security(operation) {
  const ways = (operation.security ?? api.security ?? []).map(Object.keys);
  return ways.some((way) => !way.length) ? [] : ways;
}

function credentials(operation) {
  const [headers, query] = [[], []];
  for (const name of security(operation)[0] ?? []) {
    const scheme = deref(api.components?.securitySchemes?.[name]);
    if (scheme.type === "apiKey" && scheme.in === "query") query.push(`${scheme.name}=$API_KEY`);
    else if (scheme.type === "apiKey") headers.push(`-H "${scheme.name}: $API_KEY"`);
    else if (/^basic$/i.test(scheme.scheme)) headers.push(`-u "$API_KEY"`);
    else headers.push(`-H "Authorization: Bearer $API_KEY"`);
  }
  return { headers, query };
}

// ---- Drawing ----

function introduction() {
  const { title, version, description, contact, license } = api.info;
  const facts = [`Version ${version}`, el("a", { href: "/openapi.json" }, "OpenAPI document"),
    license?.name && `Licence ${license.name}`,
    contact?.url && link(contact.url, contact.name ?? contact.url),
    contact?.email && link(`mailto:${contact.email}`, contact.email)].filter(Boolean);
  return el("section", { id: "top", class: "intro" }, el("h1", {}, title),
    el("p", { class: "facts" }, facts.flatMap((fact, i) => [i ? " · " : "", fact])),
    markdown(description, 2, "about"), authentication());
}

function authentication() {
  const schemes = Object.entries(api.components?.securitySchemes ?? {});
  if (!schemes.length) return null;
  return el("section", {}, el("h2", { id: "authentication" }, "Keys in the commands"),
    el("p", {}, "The commands on this page take your key from a variable of the shell. Set it once:"),
    codeBlock("Shell", "export API_KEY='YOUR_API_KEY'"),
    el("dl", {}, schemes.map(([name, scheme]) =>
      [el("dt", {}, code(schemeUse(name))), el("dd", {}, markdown(scheme.description, 4))])));
}

function schemeUse(name) {
  const { type, in: place, name: field, scheme } = deref(api.components?.securitySchemes?.[name]);
  if (type === "apiKey") return place === "header" ? `${field}: KEY` : `KEY in the ${place} as ${field}`;
  return /^basic$/i.test(scheme) ? "Authorization: Basic" : "Authorization: Bearer KEY";
}

function tagSection({ name, description, operations }) {
  return el("section", { id: slug(`tag ${name}`), class: "tag" },
    el("h2", {}, name), markdown(description, 3), operations.map(operationArticle));
}

function operationArticle(op) {
  const heading = `${op.id}-title`;
  const ways = security(op).map((way) => way.map(schemeUse).join(" and "));
  const access = ways.length ? ["Needs ", ways.flatMap((way, i) => [i ? " or " : "", code(way)])] : "Public: needs no key.";
  const responses = Object.entries(op.responses ?? {});
  const success = responses.find(([status]) => status.startsWith("2"))?.[0];
  return el("article", { id: op.id, class: op.deprecated ? "op deprecated" : "op", "aria-labelledby": heading },
    el("h3", { id: heading }, el("a", { href: `#${op.id}`, class: "anchor" }, titleOf(op)),
      op.deprecated ? el("span", { class: "badge" }, "deprecated") : null),
    el("p", { class: "route" }, badge(op.method), pathCode(op.path)),
    el("div", { class: "columns" },
      el("div", {}, markdown(op.description, 4), el("p", { class: "access" }, access), parameterTables(op), requestBody(op),
        el("section", { class: "replies" }, el("h4", {}, "Responses"),
          responses.map(([status, response]) => responseDetails(status, deref(response), status === success)))),
      commands(op)));
}

/** A summary is the first line of a comment in the code, and ends like one. */
function titleOf(op) {
  return op.summary?.replace(/\.$/, "") ?? op.path;
}

function badge(method) {
  return el("span", { class: `method ${method}` }, method.toUpperCase());
}

/** The path, breakable after each slash. */
function pathCode(path) {
  return el("code", {}, path.split(/(?<=\/)/).flatMap((part) => [part, el("wbr")]));
}

function parameterTables(op) {
  return ["path", "query", "header", "cookie"].map((place) => {
    const rows = op.parameters.filter((parameter) => parameter.in === place);
    if (!rows.length) return null;
    const title = `${place[0].toUpperCase()}${place.slice(1)} parameters`;
    return [el("h4", {}, title), table(title, rows.flatMap((p) => propertyRows(p.name, p.schema, p, [], false)))];
  });
}

function requestBody(op) {
  if (!op.requestBody) return null;
  const body = deref(op.requestBody);
  return [el("h4", {}, "Request body", body.required === false ? el("span", { class: "badge" }, "optional") : null),
    markdown(body.description, 5), mediaTypes(body.content)];
}

function mediaTypes(content) {
  return Object.entries(content ?? {}).map(([type, media]) =>
    [el("p", { class: "media" }, code(type), " ", typeName(media.schema ?? {})), schemaTables(media.schema, type, [])]);
}

/** A table of properties per schema behind the value: one for an object or a list of objects, several for a choice. */
function schemaTables(schema, title, seen) {
  const all = inside(schema);
  if (!all.length) return constraintLine(schema);
  return all.map((s) => [
    all.length > 1 ? el("p", { class: "variant" }, variantLabel(s)) : null,
    all.length > 1 || !seen.length ? markdown(s.description, 5) : null,
    table(s.name ?? title, Object.entries(s.properties).flatMap(([name, value]) =>
      propertyRows(name, value, { required: s.required?.includes(name) }, [...seen, ...s.names],
        !seen.length && Object.keys(s.properties).length <= 3))),
    s.additionalProperties ? el("p", { class: "limits" }, `Any other property: ${typeName(s.additionalProperties)}.`) : null,
  ]).concat(seen.length ? [] : options(settle(schema)));
}

/** A variant is best known by the one value its tag may have. */
function variantLabel(s) {
  const tag = Object.entries(s.properties).map(([name, value]) => [name, settle(value)])
    .find(([, value]) => value.const !== undefined || value.enum?.length === 1);
  if (tag) return ["When ", code(tag[0]), " is ", code(tag[1].const ?? tag[1].enum[0]), ":"];
  return ["Either ", s.title ?? s.name ?? `with ${Object.keys(s.properties).join(", ")}`, ":"];
}

/** The row of one property and, where it holds objects, a second one with their properties. */
function propertyRows(name, schema, { required, description, deprecated }, seen, open) {
  const s = settle(schema);
  const nested = inside(schema);
  const again = nested.some(({ names }) => names.some((one) => seen.includes(one)));
  const rows = [el("tr", {},
    el("th", { scope: "row" }, code(name), required ? el("span", { class: "required" }, "required") : null,
      deprecated || s.deprecated ? el("span", { class: "badge" }, "deprecated") : null),
    el("td", { class: "type" }, typeName(schema)),
    el("td", {}, markdown(description ?? s.description, 5), constraintLine(schema), options(s),
      again ? el("p", { class: "limits" }, "Described above, where this stands within it.") : null))];
  if (nested.length && !again) {
    const label = nested.length > 1 ? `${nested.length} forms` : `Properties of ${nested[0].name ?? name}`;
    const below = details(label, open, schemaTables(schema, name, seen));
    rows.push(el("tr", { class: "nested" }, el("td", { colspan: 3 }, below)));
  }
  return rows;
}

/** The plain values of a choice, which have no table of their own. */
function options(s) {
  const plain = (s.oneOf ?? []).map((option) => settle(option)).filter((option) => !inside(option).length);
  if (!plain.some((option) => option.enum || option.const !== undefined || option.description)) return null;
  return el("ul", {}, plain.map((option) =>
    el("li", {}, constraintLine(option) ?? typeName(option), markdown(option.description, 5))));
}

function constraintLine(schema) {
  const all = constraints(schema ?? {});
  return all.length ? el("p", { class: "limits" }, all.flatMap((one, i) => [i ? " · " : "", ...one])) : null;
}

function table(label, rows) {
  return tableOf({ "aria-label": label, class: "properties" }, ["Name", "Type", "Description"], rows);
}

function tableOf(attributes, titles, rows) {
  const head = titles.map((title) => el("th", { scope: "col" }, title));
  return el("table", attributes, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}

function details(summary, open, ...content) {
  return el("details", open ? { open: "" } : {}, el("summary", {}, summary), el("div", { class: "inside" }, content));
}

function responseDetails(status, response, open) {
  const summary = [el("span", { class: `status s${status[0]}` }, status), " ", inline(response.description ?? "")];
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => [name, deref(header)]);
  const content = Object.entries(response.content ?? {});
  const headerRows = headers.flatMap(([name, header]) => propertyRows(name, header.schema, header, [], false));
  if (!headers.length && !content.length) return el("p", { class: "bodiless" }, summary);
  return details(summary, open,
    headers.length ? [el("p", { class: "media" }, "Headers"), table("Headers", headerRows)] : null,
    mediaTypes(response.content),
    content.filter(([type]) => /json|text|csv/.test(type)).flatMap(([type, media]) =>
      examplesOf(media, true).map(({ label, value }) => codeBlock(content.length > 1 ? type : label, show(value)))));
}

/** The command and the body beside an operation; with several examples, a choice that changes both. */
function commands(op) {
  const [type, media] = Object.entries(deref(op.requestBody).content ?? {})[0] ?? [];
  const examples = media ? examplesOf(media, false) : [{}];
  const blocks = el("div", {});
  const fill = ({ value }) => blocks.replaceChildren(codeBlock("curl", curl(op, type, value)),
    ...(/json/.test(type) ? [codeBlock("Request body", show(value))] : []));
  fill(examples[0]);
  const aside = el("aside", { "aria-label": `Request: ${op.method} ${op.path}`, tabindex: 0 });
  if (examples.length > 1) {
    const select = el("select", {}, examples.map(({ label }, i) => el("option", { value: i }, label)));
    select.addEventListener("change", () => fill(examples[select.value]));
    aside.append(el("label", { class: "pick" }, "Example ", select));
  }
  aside.append(blocks);
  return aside;
}

function show(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function codeBlock(title, text) {
  const body = el("code", {}, /^[[{]/.test(text) ? colored(text) : text);
  const button = el("button", { type: "button", "aria-label": `Copy: ${title}` }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copy(text, body);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return el("figure", { class: "code" }, el("figcaption", {}, el("span", {}, title), button), el("pre", {}, body));
}

/** Without TLS a browser has no clipboard object: then the text is selected and the older command tried. */
async function copy(text, node) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return document.execCommand("copy");
  }
}

/** JSON as nodes: keys, strings and other values each in a span. */
function colored(json) {
  return json.split(/("(?:[^"\\]|\\.)*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*)/).map((part, i) => {
    if (i % 2 === 0) return part;
    const kind = part.endsWith(":") ? "key" : part.startsWith('"') ? "text" : "value";
    return el("span", { class: kind }, part);
  });
}

// ---- Contents, filter, where the reader is ----

function fillContents(intro, groups) {
  const heads = [...intro.querySelectorAll("h2[id]")].map((head) =>
    el("li", {}, el("a", { href: `#${head.id}` }, head.textContent)));
  const sections = groups.map(({ name, operations }) => [el("h2", {}, el("a", { href: `#${slug(`tag ${name}`)}` }, name)),
    el("ul", {}, operations.map((op) => contentsItem(name, op)))]);
  document.getElementById("toc").append(
    el("div", {}, el("h2", {}, el("a", { href: "#top" }, "Introduction")), el("ul", {}, heads)),
    ...sections.map((section) => el("div", {}, section)));
  setUpFilter();
  setUpMenu();
  followReader();
}

function contentsItem(tag, op) {
  const item = el("li", {}, el("a", { href: `#${op.id}` }, badge(op.method), el("span", {}, titleOf(op))));
  item.dataset.text = [tag, op.method, op.path, op.summary, op.operationId, op.description].join(" ").toLowerCase();
  return item;
}

/** Every word must occur; a group without a match is hidden; Enter goes to the first match. */
function setUpFilter() {
  const filter = document.getElementById("filter");
  const groups = [...document.querySelectorAll("#toc > div")];
  const items = [...document.querySelectorAll("#toc li")];
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
      const text = item.dataset.text ?? item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    for (const group of groups) group.hidden = words.length > 0 && !group.querySelector("li:not([hidden])");
    const found = items.filter((item) => !item.hidden).length;
    document.getElementById("matches").textContent = words.length ? `${found} found` : "";
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Enter") document.querySelector("#toc li:not([hidden]) a")?.click();
  });
}

/** On a narrow screen the contents are behind a button. */
function setUpMenu() {
  const [menu, side] = [document.getElementById("menu"), document.getElementById("side")];
  const open = (yes) => menu.setAttribute("aria-expanded", String(yes));
  menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") === "false"));
  side.addEventListener("click", (event) => { if (event.target.closest("a")) open(false); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") open(false); });
}

/** Marks the entry of the operation that is being read and keeps it in sight. */
function followReader() {
  const side = document.getElementById("side");
  const links = new Map([...side.querySelectorAll("li a")].map((a) => [a.hash.slice(1), a]));
  const observer = new IntersectionObserver((entries) => {
    const entry = entries.find((one) => one.isIntersecting);
    const current = entry && links.get(entry.target.id);
    if (!current) return;
    side.querySelector("[aria-current]")?.removeAttribute("aria-current");
    current.setAttribute("aria-current", "location");
    const [box, frame] = [current.getBoundingClientRect(), side.getBoundingClientRect()];
    if (box.top < frame.top || box.bottom > frame.bottom) side.scrollTop += box.top - frame.top - frame.height / 2;
  }, { rootMargin: "-15% 0px -80% 0px" });
  for (const op of document.querySelectorAll("article.op")) observer.observe(op);
}

// ---- Markdown: what descriptions use of it ----

const BLOCK = {
  fence: /^\s*```/,
  head: /^(#{1,6})\s+(.*)$/,
  item: /^(\s*)([-*+]|\d+[.)])\s+/,
  rule: /^\s*\|?[\s:|-]*--[\s:|-]*$/,
};

/** Paragraphs, headings (from `level` down, with ids that begin with `prefix`), fenced code, lists, tables. */
function markdown(text, level, prefix) {
  const lines = (text ?? "").split("\n");
  const out = [];
  while (lines.length) {
    const line = lines[0];
    const head = BLOCK.head.exec(line);
    if (!line.trim()) lines.shift();
    else if (BLOCK.fence.test(line)) out.push(fence(lines));
    else if (head) {
      lines.shift();
      const id = prefix ? { id: slug(`${prefix} ${head[2]}`) } : {};
      out.push(el(`h${Math.min(6, level + Math.max(0, head[1].length - 2))}`, id, inline(head[2])));
    } else if (BLOCK.item.test(line)) out.push(list(lines, level));
    else if (BLOCK.rule.test(lines[1] ?? "") && line.includes("|")) out.push(grid(lines));
    else {
      const ends = (next) => !next.trim() || [BLOCK.fence, BLOCK.head, BLOCK.item].some((block) => block.test(next));
      const end = lines.findIndex((next, i) => i > 0 && ends(next));
      out.push(el("p", {}, inline(lines.splice(0, end < 0 ? lines.length : end).join("\n"))));
    }
  }
  return out;
}

function fence(lines) {
  const title = lines.shift().replaceAll("`", "").trim();
  const end = lines.findIndex((line) => BLOCK.fence.test(line));
  const body = lines.splice(0, end < 0 ? lines.length : end);
  lines.shift();
  return codeBlock(title || "Example", body.join("\n"));
}

/** Items go on over indented lines, which may hold blocks themselves. */
function list(lines, level) {
  const [, indent, mark] = BLOCK.item.exec(lines[0]);
  const items = [];
  for (let m; lines.length && (m = BLOCK.item.exec(lines[0])) && m[1].length === indent.length;) {
    const body = [lines.shift().slice(m[0].length)];
    const goesOn = (line) => line?.trim() && line.search(/\S/) > indent.length;
    while (goesOn(lines[0])) body.push(lines.shift().replace(new RegExp(`^\\s{0,${m[0].length}}`), ""));
    const blocks = markdown(body.join("\n"), level);
    items.push(el("li", {}, blocks.map((block) => block.tagName === "P" ? [...block.childNodes] : block)));
    while (lines.length > 1 && !lines[0].trim() && BLOCK.item.test(lines[1])) lines.shift();
  }
  return el(/\d/.test(mark) ? "ol" : "ul", {}, items);
}

function grid(lines) {
  const cell = (text) => inline(text.trim().replaceAll("\\|", "|"));
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map(cell);
  const titles = cells(lines.shift());
  lines.shift();
  const rows = [];
  while (lines[0]?.includes("|")) rows.push(el("tr", {}, cells(lines.shift()).map((one) => el("td", {}, one))));
  return el("div", { class: "grid", tabindex: 0 }, tableOf({}, titles, rows));
}

const SPAN = new RegExp([
  /(`+)(.+?)\1/, /\*\*(.+?)\*\*/, /\*([^\s*][^*]*)\*/, // code, strong, emphasis
  /\[([^\]]+)\]\(([^)\s]+)\)/, /<((?:https?|mailto):[^>\s]+)>/, /(https?:\/\/[^\s<>()"]*[^\s<>()".,;:])/, // links
].map((one) => one.source).join("|"), "gs");

/** Spans: code, strong, emphasis, links. */
function inline(text) {
  const out = [];
  let at = 0;
  for (const m of text.matchAll(SPAN)) {
    out.push(text.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[1]) out.push(code(m[2].trim()));
    else if (m[3]) out.push(el("strong", {}, inline(m[3])));
    else if (m[4]) out.push(el("em", {}, inline(m[4])));
    else out.push(link(m[6] ?? m[7] ?? m[8], m[5] ? inline(m[5]) : m[7] ?? m[8]));
  }
  return [...out, text.slice(at)];
}

/** A link, unless its scheme could run something. */
function link(href, content) {
  const safe = URL.canParse(href, location.href) && /^(https?|mailto):$/.test(new URL(href, location.href).protocol);
  return safe ? el("a", { href, rel: "noreferrer" }, content) : el("span", {}, content);
}

// ---- Nodes ----

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function code(value) {
  return el("code", {}, typeof value === "string" ? value : JSON.stringify(value));
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}
