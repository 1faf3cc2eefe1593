// Two clients of one pooler take turns with node-postgres: node turns.mjs MODULES named|unnamed
import {createRequire} from 'node:module'

const pg = createRequire(process.argv[2] + '/')('pg')
const name = process.argv[3] === 'named' ? (text) => 'name of ' + text : () => undefined

const clients = [1, 2].map(() => new pg.Client({connectionString: process.env.DATABASE_URL}))
for (const client of clients) await client.connect()
for (let turn = 0; turn < 24; turn++) {
	const client = clients[turn % 2]
	const query = (text, values) => client.query({name: name(text), text, values})
	await client.query('begin')
	await query('select postern.assume_user($1)', ['ALICE'])
	const {rows} = await query('select postern.current_userid() as userid, $1::integer as turn', [turn])
	if (rows[0].userid !== 'ALICE' || rows[0].turn !== turn) throw new Error(JSON.stringify(rows))
	await client.query('commit')
}
for (const client of clients) await client.end()
