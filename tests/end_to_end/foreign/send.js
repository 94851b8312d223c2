// Sends three messages over one pooled connection as an application would, with Nodemailer:
// send.js HOST PORT USERNAME PASSWORD FROM TO
const nodemailer = require("nodemailer");
const [host, port, user, pass, from, to] = process.argv.slice(2);

const transport = nodemailer.createTransport({
  host,
  port: Number(port),
  pool: true,
  maxConnections: 1,
  requireTLS: true,
  tls: { rejectUnauthorized: false }, // the server under test has a self-signed certificate
  auth: { user, pass },
});

async function main() {
  for (const number of [1, 2, 3]) {
    await transport.sendMail({ from, to, subject: `Nodemailer ${number}`, text: "hello\n.\n..\n", html: "<p>hello</p>" });
  }
  transport.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
