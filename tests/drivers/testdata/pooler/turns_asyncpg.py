# Two clients of one pooler take turns with asyncpg: turns_asyncpg.py [CACHE SIZE]
import asyncio
import os
import sys

import asyncpg


async def main():
    options = {'statement_cache_size': int(sys.argv[1])} if len(sys.argv) > 1 else {}
    clients = [await asyncpg.connect(os.environ['DATABASE_URL'], **options) for _ in range(2)]
    for turn in range(24):
        client = clients[turn % 2]
        async with client.transaction():
            await client.execute('select postern.assume_user($1)', 'ALICE')
            row = await client.fetchrow('select postern.current_userid(), $1::integer', turn)
            assert tuple(row) == ('ALICE', turn), row
    for client in clients:
        await client.close()


asyncio.run(main())
