"""Approves an invoice with SQLAlchemy and asyncpg: python approve_sqlalchemy.py USER INVOICE"""
import asyncio
import os
import random
import sys

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from checkpoints import prompt, question, token

engine = create_async_engine(os.environ["SQLALCHEMY_URL"], hide_parameters=True)  # otherwise errors show the PIN


async def transaction(user, tickets, work):
    """Runs work in a transaction of a user, with the gates of the tickets open. It runs work again after a
    serialization failure or a deadlock: the tickets are still valid."""
    attempt = 1
    while True:
        try:
            async with engine.begin() as connection:
                await connection.execute(text("select postern.begin_session(:token)"), {"token": token(user)})
                for ticket in tickets:
                    await connection.execute(text("select postern.open_gates(cast(:ticket as uuid))"), {"ticket": ticket})
                result = await work(connection)
                await connection.execute(text("select 1"))  # fails if work has swallowed an error
            return result
        except DBAPIError as error:
            if error.orig.sqlstate not in ("40001", "40P01") or attempt == 5:
                raise
        await asyncio.sleep(random.random() * 0.01 * 2**attempt)
        attempt += 1


async def authenticate(connection, asked, answer):
    await connection.execute(text("set local log_parameter_max_length_on_error = 0"))
    statement = text("select postern.authenticate(:challenge, :username, :pin, :comment)")
    return (await connection.execute(statement, {"challenge": asked["challenge"], **answer})).scalar_one()


async def cancel(connection, asked, answer):
    values = {"challenge": asked["challenge"], "comment": answer["comment"]}
    await connection.execute(text("select postern.cancel(:challenge, :comment)"), values)


async def run(user, work):
    """Runs work, and asks for each approval that it needs. An answer without a PIN cancels."""
    tickets = []
    while True:
        try:
            return await transaction(user, tickets, work)
        except DBAPIError as error:
            if error.orig.sqlstate != "PS101":
                raise
            asked = question(error.orig.__cause__.detail)
            answer = prompt(asked)
            if not answer["pin"]:
                await transaction(user, [], lambda c: cancel(c, asked, answer))
                raise
            tickets.append(await transaction(user, [], lambda c: authenticate(c, asked, answer)))


async def main(user, invoice):
    try:
        await run(user, lambda c: c.execute(text("select public.approve_invoice(:no)"), {"no": invoice}))
        print("Approved.")
    except DBAPIError as error:
        sys.exit(f"{error.orig.sqlstate} {error.orig.__cause__.message}")
    finally:
        await engine.dispose()


asyncio.run(main(*sys.argv[1:]))
