--
-- PostgreSQL database cluster dump
--

\restrict K5oL4HV5c3YmmTJSzPqILa9HCM0mbYn2Swzeg9AN3ufXcx6IyIe49hmi6gZmcHH

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE postern_admin;
ALTER ROLE postern_admin WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_admin IS 'Postern: gates, settings, users, companies, rules, PIN resets, actions, events';
CREATE ROLE postern_app;
ALTER ROLE postern_app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_app IS 'Postern: postern_user, and starting a session for an end user with a signed token';
CREATE ROLE postern_auditor;
ALTER ROLE postern_auditor WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_auditor IS 'Postern: reads the log and its proofs, and writes nothing';
CREATE ROLE postern_event_function;
ALTER ROLE postern_event_function WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_event_function IS 'Postern: runs the functions that events call; has no other right, and no members';
CREATE ROLE postern_event_worker;
ALTER ROLE postern_event_worker WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_event_worker IS 'Postern: delivers events, and reads what they tell';
CREATE ROLE postern_owner;
ALTER ROLE postern_owner WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_owner IS 'Postern: owns every object; member of nothing, nobody logs in as it';
CREATE ROLE postern_redactor;
ALTER ROLE postern_redactor WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_redactor IS 'Postern: removes personal fields from the log, on record';
CREATE ROLE postern_sealer;
ALTER ROLE postern_sealer WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_sealer IS 'Postern: seals the log and exports it';
CREATE ROLE postern_trusted_app;
ALTER ROLE postern_trusted_app WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_trusted_app IS 'Postern: postern_app, and asserting an end user by name, unsigned';
CREATE ROLE postern_user;
ALTER ROLE postern_user WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE postern_user IS 'Postern: what an end user needs: checkpoints, own PIN, company and ledger checks';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;
CREATE ROLE shop;
ALTER ROLE shop WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE shop_administrator;
ALTER ROLE shop_administrator WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE shop_owner;
ALTER ROLE shop_owner WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE shop_worker;
ALTER ROLE shop_worker WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;

--
-- User Configurations
--


--
-- Role memberships
--

GRANT postern_admin TO shop_administrator GRANTED BY postgres;
GRANT postern_admin TO shop_owner GRANTED BY postgres;
GRANT postern_app TO postern_trusted_app GRANTED BY postgres;
GRANT postern_event_worker TO shop_worker GRANTED BY postgres;
GRANT postern_trusted_app TO shop GRANTED BY postgres;
GRANT postern_user TO postern_app GRANTED BY postgres;
GRANT postern_user TO shop_owner GRANTED BY postgres;




\unrestrict K5oL4HV5c3YmmTJSzPqILa9HCM0mbYn2Swzeg9AN3ufXcx6IyIe49hmi6gZmcHH

--
-- PostgreSQL database cluster dump complete
--

