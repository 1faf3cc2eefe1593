// Approves an invoice with node-postgres: node approve.mjs USER INVOICE
import {createHmac, randomUUID} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import pg from 'pg'

const pool = new pg.Pool({connectionString: process.env.DATABASE_URL})
const keyId = process.env.POSTERN_KEY_ID
const key = readFileSync(process.env.POSTERN_KEY_FILE) // its bytes as they are
const database = process.env.POSTERN_DATABASE // its name on the server

// token returns a new token for one transaction of a user.
function token(user) {
	const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url')
	const now = Math.floor(Date.now() / 1000)
	const claims = {sub: user, aud: database, iat: now, exp: now + 60, jti: randomUUID()}
	const signed = encode({alg: 'HS256', kid: keyId}) + '.' + encode(claims)
	return signed + '.' + createHmac('sha256', key).update(signed).digest('base64url')
}

// transaction runs work in a transaction of a user, with the gates of the tickets open. It runs work again after a
// serialization failure or a deadlock: the tickets are still valid.
async function transaction(user, tickets, work) {
	for (let attempt = 1; ; attempt++) {
		const client = await pool.connect()
		let broken
		try {
			await client.query('begin')
			await client.query('select postern.begin_session($1)', [token(user)])
			for (const ticket of tickets) await client.query('select postern.open_gates($1::uuid)', [ticket])
			const result = await work(client)
			const {command} = await client.query('commit')
			if (command !== 'COMMIT') throw new Error('work has swallowed an error, and nothing is committed')
			return result
		} catch (error) {
			await client.query('rollback').catch((failure) => { broken = failure })
			if (!['40001', '40P01'].includes(error.code) || attempt === 5) throw error
		} finally {
			client.release(broken)
		}
		await sleep(Math.random() * 10 * 2 ** attempt)
	}
}

// question returns what to ask. It shows what the challenge says, because a trigger could raise another DETAIL.
function question(error) {
	const detail = JSON.parse(error.detail)
	const [signed] = detail.challenge.split('.')
	return {...detail, ...JSON.parse(Buffer.from(signed, 'base64url').toString())}
}

// run runs work, and asks for each approval that it needs. An answer without a PIN cancels.
async function run(user, prompt, work) {
	for (const tickets = []; ;) {
		try {
			return await transaction(user, tickets, work)
		} catch (error) {
			if (error.code !== 'PS101') throw error
			const asked = question(error)
			const answer = await prompt(asked)
			if (!answer.pin) {
				const values = [asked.challenge, answer.comment]
				await transaction(user, [], (client) => client.query('select postern.cancel($1, $2)', values))
				throw error
			}
			tickets.push(await transaction(user, [], async (client) => {
				await client.query('set local log_parameter_max_length_on_error = 0')
				const values = [asked.challenge, answer.username, answer.pin, answer.comment]
				const {rows} = await client.query('select postern.authenticate($1, $2, $3, $4) as ticket', values)
				return rows[0].ticket
			}))
		}
	}
}

const lines = createInterface({input: process.stdin})[Symbol.asyncIterator]()
async function prompt(asked) { // here: your dialog
	console.log(asked.message)
	const read = async () => (await lines.next()).value
	return {username: asked.username ?? await read(), pin: await read(), comment: await read()}
}

const [user, invoice] = process.argv.slice(2)
try {
	await run(user, prompt, (client) => client.query('select public.approve_invoice($1)', [invoice]))
	console.log('Approved.')
} catch (error) {
	console.error(error.code, error.message)
	process.exitCode = 1
}
process.stdin.destroy()
await pool.end()
