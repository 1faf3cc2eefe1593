--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: authorize_comb_finance_api; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA authorize_comb_finance_api;


ALTER SCHEMA authorize_comb_finance_api OWNER TO postern_owner;

--
-- Name: SCHEMA authorize_comb_finance_api; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA authorize_comb_finance_api IS 'Mirror of Authorize_Comb_Finance_API: what a user may see in the general ledger.';


--
-- Name: fnd_session_api; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA fnd_session_api;


ALTER SCHEMA fnd_session_api OWNER TO postern_owner;

--
-- Name: SCHEMA fnd_session_api; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA fnd_session_api IS 'Mirror of Fnd_Session_API: who the end user is.';


--
-- Name: int_led_auth_comb_finance_api; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA int_led_auth_comb_finance_api;


ALTER SCHEMA int_led_auth_comb_finance_api OWNER TO postern_owner;

--
-- Name: SCHEMA int_led_auth_comb_finance_api; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA int_led_auth_comb_finance_api IS 'Mirror of Int_Led_Auth_Comb_Finance_API: what a user may see in internal ledgers.';


--
-- Name: message_sys; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA message_sys;


ALTER SCHEMA message_sys OWNER TO postern_owner;

--
-- Name: SCHEMA message_sys; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA message_sys IS 'Mirror of Message_SYS: writing and reading IFS Messages.';


--
-- Name: postern; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA postern;


ALTER SCHEMA postern OWNER TO postern_owner;

--
-- Name: SCHEMA postern; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA postern IS 'Postern, native API: checkpoints, users, settings, log.';


--
-- Name: postern_internal; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA postern_internal;


ALTER SCHEMA postern_internal OWNER TO postern_owner;

--
-- Name: SCHEMA postern_internal; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA postern_internal IS 'Postern''s tables and helpers. Only postern_owner has rights here.';


--
-- Name: sec_checkpoint_gate_api; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA sec_checkpoint_gate_api;


ALTER SCHEMA sec_checkpoint_gate_api OWNER TO postern_owner;

--
-- Name: SCHEMA sec_checkpoint_gate_api; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA sec_checkpoint_gate_api IS 'Mirror of Sec_Checkpoint_Gate_API: registering gates.';


--
-- Name: security_sys; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA security_sys;


ALTER SCHEMA security_sys OWNER TO postern_owner;

--
-- Name: SCHEMA security_sys; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA security_sys IS 'Mirror of Security_SYS: reaching a gate.';


--
-- Name: user_finance_api; Type: SCHEMA; Schema: -; Owner: postern_owner
--

CREATE SCHEMA user_finance_api;


ALTER SCHEMA user_finance_api OWNER TO postern_owner;

--
-- Name: SCHEMA user_finance_api; Type: COMMENT; Schema: -; Owner: postern_owner
--

COMMENT ON SCHEMA user_finance_api IS 'Mirror of User_Finance_API: whether a user may work in a company.';


--
-- Name: pgcrypto; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;


--
-- Name: EXTENSION pgcrypto; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


--
-- Name: delivery_state; Type: TYPE; Schema: postern_internal; Owner: postern_owner
--

CREATE TYPE postern_internal.delivery_state AS ENUM (
    'pending',
    'delivered',
    'skipped',
    'dead'
);


ALTER TYPE postern_internal.delivery_state OWNER TO postern_owner;

--
-- Name: TYPE delivery_state; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TYPE postern_internal.delivery_state IS 'The state of a delivery. skipped: the condition of its action did not hold. dead: it failed as often as is allowed.';


--
-- Name: event_action_kind; Type: TYPE; Schema: postern_internal; Owner: postern_owner
--

CREATE TYPE postern_internal.event_action_kind AS ENUM (
    'webhook',
    'mail',
    'function',
    'notify'
);


ALTER TYPE postern_internal.event_action_kind OWNER TO postern_owner;

--
-- Name: TYPE event_action_kind; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TYPE postern_internal.event_action_kind IS 'How an event action notifies its receiver.';


--
-- Name: outcome; Type: TYPE; Schema: postern_internal; Owner: postern_owner
--

CREATE TYPE postern_internal.outcome AS ENUM (
    'passed',
    'denied',
    'cancelled',
    'accepted',
    'locked',
    'refused'
);


ALTER TYPE postern_internal.outcome OWNER TO postern_owner;

--
-- Name: TYPE outcome; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TYPE postern_internal.outcome IS 'What a log entry records. accepted: a right response, not yet used; kept so that an authentication writes the same rows whatever its verdict. locked: a denial that locks the credential. refused: an attempt with a locked credential, whose response was not checked. Readers see both locked and refused as denied.';


--
-- Name: place; Type: TYPE; Schema: postern_internal; Owner: postern_owner
--

CREATE TYPE postern_internal.place AS (
	system_identifier bigint,
	timeline bigint,
	database_oid oid,
	log_oid oid
);


ALTER TYPE postern_internal.place OWNER TO postern_owner;

--
-- Name: TYPE place; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TYPE postern_internal.place IS 'Which database this is, as far as it can tell. system_identifier: the cluster; physical copies share it. timeline: changes with a promotion, and with a recovery to a point in time. database_oid: differs in a copy within the cluster, and stays when the database is renamed. log_oid: the oid of the log''s table, which differs after a restored dump.';


--
-- Name: verdict; Type: TYPE; Schema: postern_internal; Owner: postern_owner
--

CREATE TYPE postern_internal.verdict AS ENUM (
    'accepted',
    'denied',
    'locked'
);


ALTER TYPE postern_internal.verdict OWNER TO postern_owner;

--
-- Name: TYPE verdict; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TYPE postern_internal.verdict IS 'The outcome of an authentication. An enum, so that a row has the same length for every verdict.';


--
-- Name: is_combination_allowed(text, numeric); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_combination_allowed(company text, posting_combination_id numeric) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_temp'
    AS $$
declare
  setting constant text := current_setting('postern.session', true);
  id constant bigint := postern_internal.combination_id(posting_combination_id);
  secret bytea;
  current_user_id text;
  allowed boolean;
  users_class_id bigint;
  row_level_security boolean;
begin
  select s.secret into secret from postern_internal.session_secret as s;
  current_user_id := case when postern_internal.is_proven(setting, secret) then split_part(setting, E'\t', 2) else postern.current_userid() end;

  select u.class_id
    into users_class_id
    from postern_internal.company_user as u
   where u.userid = current_user_id and u.company = is_combination_allowed.company;
  if not found then
    return false;
  end if;
  -- The block that contains the id, or otherwise one that ends before it.
  select case when id - m.first_id < m.compiled_offset then get_bit(m.bits, id - m.first_id) = 1 end
    into allowed
    from postern_internal.authority_map as m
   where m.class_id = users_class_id and m.first_id <= id
   order by m.first_id desc
   limit 1;
  if allowed then
    return allowed;
  end if;

  select c.row_level_security into row_level_security from postern_internal.company as c where c.company = is_combination_allowed.company;
  if row_level_security and (users_class_id is null or allowed is not null) then
    return false;
  end if;
  return postern_internal.combination_is_allowed(company, case when row_level_security then users_class_id end, id);
end
$$;


ALTER FUNCTION postern.is_combination_allowed(company text, posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_combination_allowed(company text, posting_combination_id numeric); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_combination_allowed(company text, posting_combination_id numeric) IS 'Whether the current user may see rows of a company with this posting combination. False if either is NULL or does not exist. The id may also be a bigint. Errors: PS401, PS402.';


--
-- Name: is_allowed(text, numeric); Type: FUNCTION; Schema: authorize_comb_finance_api; Owner: postern_owner
--

CREATE FUNCTION authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN postern.is_combination_allowed(company, posting_combination_id) THEN 'TRUE'::text ELSE 'FALSE'::text END;


ALTER FUNCTION authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_allowed(company text, posting_combination_id numeric); Type: COMMENT; Schema: authorize_comb_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) IS 'Authorize_Comb_Finance_API.Is_Allowed: whether the current user may see rows of a company with this posting combination, as TRUE or FALSE. The id may also be a bigint. Errors: PS401, PS402.';


--
-- Name: is_code_string_allowed(text, text, text, text, text, text, text, text, text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_code_string_allowed(company text, code_a text, code_b text DEFAULT NULL::text, code_c text DEFAULT NULL::text, code_d text DEFAULT NULL::text, code_e text DEFAULT NULL::text, code_f text DEFAULT NULL::text, code_g text DEFAULT NULL::text, code_h text DEFAULT NULL::text, code_i text DEFAULT NULL::text, code_j text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
  codes constant text[] := postern_internal.code_string(code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j);
  access record;
begin
  select c.row_level_security, u.class_id
    into access
    from postern_internal.company_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id and u.company = is_code_string_allowed.company;
  return found and (not access.row_level_security
                    or access.class_id is not null and postern_internal.class_allows(access.class_id, codes));
end
$$;


ALTER FUNCTION postern.is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) IS 'Whether the current user may see rows of a company with this code string, which need not exist yet. False if the company is NULL or does not exist. Errors: PS301 code part A is blank or a code part is not usable, PS401, PS402.';


--
-- Name: is_allowed_codestring(text, text, text, text, text, text, text, text, text, text, text); Type: FUNCTION; Schema: authorize_comb_finance_api; Owner: postern_owner
--

CREATE FUNCTION authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text DEFAULT NULL::text, code_c text DEFAULT NULL::text, code_d text DEFAULT NULL::text, code_e text DEFAULT NULL::text, code_f text DEFAULT NULL::text, code_g text DEFAULT NULL::text, code_h text DEFAULT NULL::text, code_i text DEFAULT NULL::text, code_j text DEFAULT NULL::text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN postern.is_code_string_allowed(company, code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j) THEN 'TRUE'::text ELSE 'FALSE'::text END;


ALTER FUNCTION authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: COMMENT; Schema: authorize_comb_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) IS 'Authorize_Comb_Finance_API.Is_Allowed_Codestring: whether the current user may see rows of a company with this code string, as TRUE or FALSE. Errors: PS301, PS401, PS402.';


--
-- Name: current_userid(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.current_userid() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_temp'
    AS $$
declare
  setting text := current_setting('postern.session', true);
  secret bytea;
  known text;
begin
  -- The common case comes first: one read of one column, one comparison.
  select s.secret into secret from postern_internal.session_secret as s;
  if postern_internal.is_proven(setting, secret) then
    return split_part(setting, E'\t', 2);
  end if;
  -- After a transaction the setting reads back as '' instead of NULL. Both mean that no user was asserted.
  if setting <> '' then
    raise exception using
      errcode = 'PS402',
      message = 'The session is not valid in this transaction',
      detail = 'The setting postern.session was made up, or copied from another transaction or database role.',
      hint = 'Clear what an earlier client of the connection has left (reset postern.session; or: discard all), and call postern.begin_session(token) in this transaction.';
  end if;

  select e.userid into known from postern_internal.end_user as e where e.db_role = session_user and e.active;
  if not found then
    raise exception using
      errcode = 'PS401',
      message = 'No end user is known for this session',
      detail = format('Nobody was asserted in this transaction, and the database role %I is mapped to no active end user.', session_user),
      hint = 'Call postern.begin_session(token) at the start of each transaction, or have an administrator map the role with postern.create_user(userid, description, db_role).';
  end if;
  return known;
end
$$;


ALTER FUNCTION postern.current_userid() OWNER TO postern_owner;

--
-- Name: FUNCTION current_userid(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.current_userid() IS 'The end user of this transaction: the one asserted by begin_session or assume_user, otherwise the one whose db_role is session_user. SET ROLE does not affect it. Errors: PS401 no user is known; PS402 the session setting is forged, or comes from another transaction or database role.';


--
-- Name: get_fnd_user(); Type: FUNCTION; Schema: fnd_session_api; Owner: postern_owner
--

CREATE FUNCTION fnd_session_api.get_fnd_user() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN postern.current_userid();


ALTER FUNCTION fnd_session_api.get_fnd_user() OWNER TO postern_owner;

--
-- Name: FUNCTION get_fnd_user(); Type: COMMENT; Schema: fnd_session_api; Owner: postern_owner
--

COMMENT ON FUNCTION fnd_session_api.get_fnd_user() IS 'Fnd_Session_API.Get_Fnd_User: the end user of this transaction, see postern.current_userid(). Errors: PS401, PS402.';


--
-- Name: is_ledger_combination_allowed(text, text, numeric); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
  access record;
begin
  select c.row_level_security, u.class_id
    into access
    from postern_internal.ledger_user as u
    join postern_internal.company as c on c.company = u.company
   where u.userid = current_user_id
     and u.company = is_ledger_combination_allowed.company
     and u.ledger_id = is_ledger_combination_allowed.ledger_id;
  return found and postern_internal.combination_is_allowed(company, case when access.row_level_security then access.class_id end,
                                                              postern_internal.combination_id(posting_combination_id));
end
$$;


ALTER FUNCTION postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) IS 'Whether the current user may see rows of an internal ledger with this posting combination: the user is connected to the ledger, and the class there, if any, allows it. False if an argument is NULL or does not exist. Errors: PS401, PS402.';


--
-- Name: is_allowed(text, text, numeric); Type: FUNCTION; Schema: int_led_auth_comb_finance_api; Owner: postern_owner
--

CREATE FUNCTION int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN postern.is_ledger_combination_allowed(company, ledger_id, posting_combination_id) THEN 'TRUE'::text ELSE 'FALSE'::text END;


ALTER FUNCTION int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_allowed(company text, ledger_id text, posting_combination_id numeric); Type: COMMENT; Schema: int_led_auth_comb_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) IS 'Int_Led_Auth_Comb_Finance_API.Is_Allowed: whether the current user may see rows of an internal ledger with this posting combination, as TRUE or FALSE. The id may also be a bigint. Errors: PS401, PS402.';


--
-- Name: add_message_attribute(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.add_message_attribute(message text, name text, value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  rows text collate "C" := message;
  attribute text collate "C" := E'\n$' || postern_internal.check_message_name(name) || '=';
begin
  if postern_internal.parse_message(rows) is null then
    perform postern_internal.reject_message(rows);
  end if;

  -- A line feed followed by $ occurs only where an attribute starts: inside a value a - stands between them.
  if strpos(rows, attribute) > 0 then
    raise exception using
      errcode = 'PS107',
      message = 'The IFS Message already has this attribute',
      detail = format('The attribute is %s.', name),
      hint = 'Replace its value with message_sys.set_attribute.';
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;
  rows := rows || attribute || replace(coalesce(value, '') collate "C", E'\n', E'\n-');
  if octet_length(rows) > 67108864 then
    perform postern_internal.reject_message(rows);
  end if;

  return rows;
end
$_$;


ALTER FUNCTION postern.add_message_attribute(message text, name text, value text) OWNER TO postern_owner;

--
-- Name: FUNCTION add_message_attribute(message text, name text, value text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.add_message_attribute(message text, name text, value text) IS 'The IFS Message with one more attribute at its end. A NULL value is written as an empty one; a value may be a message. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';


--
-- Name: add_attribute(text, text, boolean); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value boolean)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.add_message_attribute(message, name, upper((value)::text)) AS add_message_attribute;
END;


ALTER PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value boolean) OWNER TO postern_owner;

--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value boolean); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value boolean) IS 'Adds an attribute at the end of an IFS Message, with TRUE or FALSE as its value. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';


--
-- Name: add_attribute(text, text, numeric); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value numeric)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.add_message_attribute(message, name, (value)::text) AS add_message_attribute;
END;


ALTER PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value numeric) OWNER TO postern_owner;

--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value numeric); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value numeric) IS 'Adds an attribute at the end of an IFS Message, with a number as its value. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';


--
-- Name: add_attribute(text, text, text); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value text)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.add_message_attribute(message, name, value) AS add_message_attribute;
END;


ALTER PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value text) OWNER TO postern_owner;

--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value text) IS 'Adds an attribute at the end of an IFS Message. A NULL value is written as an empty one, and a value may be a message. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, or the result is over 64 MiB.';


--
-- Name: message_timestamp(timestamp with time zone); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.message_timestamp(value timestamp with time zone) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if value < timestamptz '0001-01-01 00:00:00+00' or value >= timestamptz '10000-01-01 00:00:00+00' then
    raise exception using
      errcode = 'PS107',
      message = 'An IFS Message cannot contain this timestamp',
      detail = case when isfinite(value) then 'The timestamp is outside the years 1 to 9999.' else 'The timestamp is infinite.' end,
      hint = 'Pass a time in the years 1 to 9999 (UTC), or leave the attribute empty.';
  end if;

  return to_char(timezone(interval '0', value), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
end
$$;


ALTER FUNCTION postern.message_timestamp(value timestamp with time zone) OWNER TO postern_owner;

--
-- Name: FUNCTION message_timestamp(value timestamp with time zone); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.message_timestamp(value timestamp with time zone) IS 'A time as the text of an IFS Message: ISO 8601 in UTC with microseconds, 2026-11-22T01:33:04.123456Z, whatever the caller''s settings. NULL for NULL. Errors: PS107 value is infinite or outside the years 1 to 9999.';


--
-- Name: add_attribute(text, text, timestamp with time zone); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.add_message_attribute(message, name, postern.message_timestamp(value)) AS add_message_attribute;
END;


ALTER PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone) OWNER TO postern_owner;

--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value timestamp with time zone); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone) IS 'Adds an attribute at the end of an IFS Message, with a time as its value: ISO 8601 in UTC, whatever the caller''s settings. A date or a timestamp without time zone is converted with the caller''s TimeZone; to avoid that, cast it to text. Errors: PS107 the message or the name is NULL or not valid, the attribute exists, the result is over 64 MiB, or the time is infinite or outside the years 1 to 9999.';


--
-- Name: check_message_name(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.check_message_name(name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if name is null or not postern_internal.is_message_name(name) then
    raise exception using
      errcode = 'PS107',
      message = 'The name in the IFS Message is not usable',
      detail = case when name is null then 'name is NULL.'
                    else format('name is %s', replace(replace(left(name, 80), E'\r', E'\\r'), E'\n', E'\\n')) end,
      hint = 'Name a message or an attribute with 1 to 128 characters, without line feed, carriage return and "=".';
  end if;

  return name;
end
$$;


ALTER FUNCTION postern_internal.check_message_name(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION check_message_name(name text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.check_message_name(name text) IS 'Returns the name of a message or an attribute unchanged. Errors: PS107 it is NULL or not usable.';


--
-- Name: construct_message(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.construct_message(name text) RETURNS text
    LANGUAGE sql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN ('!'::text || postern_internal.check_message_name(name));


ALTER FUNCTION postern.construct_message(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION construct_message(name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.construct_message(name text) IS 'A new IFS Message of this name, without attributes. Errors: PS107 name is NULL or not usable.';


--
-- Name: construct(text); Type: FUNCTION; Schema: message_sys; Owner: postern_owner
--

CREATE FUNCTION message_sys.construct(name text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN postern.construct_message(name);


ALTER FUNCTION message_sys.construct(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION construct(name text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON FUNCTION message_sys.construct(name text) IS 'A new IFS Message of this name, without attributes. Errors: PS107 name is NULL or not usable.';


--
-- Name: find_message_attribute(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.find_message_attribute(message text, name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  pairs text[] := postern_internal.parse_message(message);
begin
  if pairs is null then
    perform postern_internal.reject_message(message);
  end if;

  return jsonb_object(pairs) ->> postern_internal.check_message_name(name);
end
$$;


ALTER FUNCTION postern.find_message_attribute(message text, name text) OWNER TO postern_owner;

--
-- Name: FUNCTION find_message_attribute(message text, name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.find_message_attribute(message text, name text) IS 'The value of an attribute of an IFS Message, possibly empty; NULL if there is no such attribute. Names are case-sensitive. Errors: PS107 the message or the name is NULL or not valid.';


--
-- Name: find_attribute(text, text, text); Type: FUNCTION; Schema: message_sys; Owner: postern_owner
--

CREATE FUNCTION message_sys.find_attribute(message text, name text, default_value text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN COALESCE(postern.find_message_attribute(message, name), default_value);


ALTER FUNCTION message_sys.find_attribute(message text, name text, default_value text) OWNER TO postern_owner;

--
-- Name: FUNCTION find_attribute(message text, name text, default_value text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON FUNCTION message_sys.find_attribute(message text, name text, default_value text) IS 'The value of an attribute of an IFS Message, possibly empty; default_value if there is no such attribute. Errors: PS107 the message or the name is NULL or not valid.';


--
-- Name: message_attributes(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.message_attributes(message text) RETURNS TABLE("position" integer, name text, value text)
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  pairs text[] := postern_internal.parse_message(message);
begin
  if pairs is null then
    perform postern_internal.reject_message(message);
  end if;

  for i in 1 .. cardinality(pairs) / 2 loop
    position := i;
    name := pairs[2 * i - 1];
    value := pairs[2 * i];
    return next;
  end loop;
end
$$;


ALTER FUNCTION postern.message_attributes(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION message_attributes(message text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.message_attributes(message text) IS 'The attributes of an IFS Message in their order, with positions from 1; a nested message is a value like any other. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';


--
-- Name: get_attributes(text); Type: FUNCTION; Schema: message_sys; Owner: postern_owner
--

CREATE FUNCTION message_sys.get_attributes(message text) RETURNS TABLE("position" integer, name text, value text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT a."position",
     a.name,
     a.value
    FROM postern.message_attributes(get_attributes.message) a("position", name, value)
   ORDER BY a."position";
END;


ALTER FUNCTION message_sys.get_attributes(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION get_attributes(message text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON FUNCTION message_sys.get_attributes(message text) IS 'The attributes of an IFS Message in their order, position from 1; a nested message is a value like any other. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';


--
-- Name: message_name(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.message_name(message text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if postern_internal.parse_message(message) is null then
    perform postern_internal.reject_message(message);
  end if;

  return substring(message collate "C" from E'^(?: [^\n]*\n)*!([^\n]+)');
end
$$;


ALTER FUNCTION postern.message_name(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION message_name(message text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.message_name(message text) IS 'The name in the header of an IFS Message. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';


--
-- Name: get_name(text); Type: FUNCTION; Schema: message_sys; Owner: postern_owner
--

CREATE FUNCTION message_sys.get_name(message text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN postern.message_name(message);


ALTER FUNCTION message_sys.get_name(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION get_name(message text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON FUNCTION message_sys.get_name(message text) IS 'The name in the header of an IFS Message. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';


--
-- Name: replace_message_attribute(text, text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.replace_message_attribute(message text, name text, replacement text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  rows text collate "C" := message;
  attribute text collate "C" := E'\n$' || postern_internal.check_message_name(name) || '=';
  start integer;
  tail text collate "C";
  length_of_tail integer;
  old text collate "C";
begin
  if postern_internal.parse_message(rows) is null then
    perform postern_internal.reject_message(rows);
  end if;

  start := strpos(rows, attribute);
  if start = 0 then
    return null;
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;
  tail := substr(rows, start + length(attribute));
  length_of_tail := strpos(tail, E'\n$') - 1;
  old := case when length_of_tail >= 0 then left(tail, length_of_tail) else tail end;

  return left(rows, start - 1)
      || replacement
      || case when strpos(old, E'\n') > 0 then regexp_replace(substr(old, strpos(old, E'\n')), E'(?:\n-[^\n]*)+', '', 'g') else '' end
      || case when length_of_tail >= 0 then substr(tail, length_of_tail + 1) else '' end;
end
$_$;


ALTER FUNCTION postern_internal.replace_message_attribute(message text, name text, replacement text) OWNER TO postern_owner;

--
-- Name: FUNCTION replace_message_attribute(message text, name text, replacement text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.replace_message_attribute(message text, name text, replacement text) IS 'The IFS Message with the rows of one attribute replaced by a text; NULL if it has no such attribute. Errors: PS107 the message or the name is NULL or not valid.';


--
-- Name: remove_message_attribute(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.remove_message_attribute(message text, name text) RETURNS text
    LANGUAGE sql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN COALESCE(postern_internal.replace_message_attribute(message, name, ''::text), message);


ALTER FUNCTION postern.remove_message_attribute(message text, name text) OWNER TO postern_owner;

--
-- Name: FUNCTION remove_message_attribute(message text, name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.remove_message_attribute(message text, name text) IS 'The IFS Message without this attribute; unchanged if it has no such attribute. Errors: PS107 the message or the name is NULL or not valid.';


--
-- Name: remove_attribute(text, text); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.remove_attribute(INOUT message text, IN name text)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.remove_message_attribute(message, name) AS remove_message_attribute;
END;


ALTER PROCEDURE message_sys.remove_attribute(INOUT message text, IN name text) OWNER TO postern_owner;

--
-- Name: PROCEDURE remove_attribute(INOUT message text, IN name text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.remove_attribute(INOUT message text, IN name text) IS 'Removes an attribute from an IFS Message; does nothing if it has no such attribute. Errors: PS107 the message or the name is NULL or not valid.';


--
-- Name: set_message_attribute(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_message_attribute(message text, name text, value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  replaced text := postern_internal.replace_message_attribute(
    message, name, E'\n$' || name || '=' || replace(coalesce(value, '') collate "C", E'\n', E'\n-'));
begin
  if replaced is null then
    return postern.add_message_attribute(message, name, value);
  end if;

  if octet_length(replaced) > 67108864 then
    perform postern_internal.reject_message(replaced);
  end if;

  return replaced;
end
$_$;


ALTER FUNCTION postern.set_message_attribute(message text, name text, value text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_message_attribute(message text, name text, value text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_message_attribute(message text, name text, value text) IS 'The IFS Message with the value of an attribute replaced in its place, or the attribute added at the end. A NULL value is written as an empty one. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';


--
-- Name: set_attribute(text, text, boolean); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value boolean)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.set_message_attribute(message, name, upper((value)::text)) AS set_message_attribute;
END;


ALTER PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value boolean) OWNER TO postern_owner;

--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value boolean); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value boolean) IS 'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end, with TRUE or FALSE as its value. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';


--
-- Name: set_attribute(text, text, numeric); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value numeric)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.set_message_attribute(message, name, (value)::text) AS set_message_attribute;
END;


ALTER PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value numeric) OWNER TO postern_owner;

--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value numeric); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value numeric) IS 'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end, with a number as its value. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';


--
-- Name: set_attribute(text, text, text); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value text)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.set_message_attribute(message, name, value) AS set_message_attribute;
END;


ALTER PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value text) OWNER TO postern_owner;

--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value text); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value text) IS 'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end. A NULL value is written as an empty one, and a value may be a message. Errors: PS107 the message or the name is NULL or not valid, or the result is over 64 MiB.';


--
-- Name: set_attribute(text, text, timestamp with time zone); Type: PROCEDURE; Schema: message_sys; Owner: postern_owner
--

CREATE PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone)
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT postern.set_message_attribute(message, name, postern.message_timestamp(value)) AS set_message_attribute;
END;


ALTER PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone) OWNER TO postern_owner;

--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value timestamp with time zone); Type: COMMENT; Schema: message_sys; Owner: postern_owner
--

COMMENT ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone) IS 'Replaces the value of an attribute of an IFS Message in its place, or adds the attribute at the end, with a time as its value: ISO 8601 in UTC, whatever the caller''s settings. A date or a timestamp without time zone is converted with the caller''s TimeZone; to avoid that, cast it to text. Errors: PS107 the message or the name is NULL or not valid, the result is over 64 MiB, or the time is infinite or outside the years 1 to 9999.';


--
-- Name: add_authority_combination(text, text, boolean, text, text, text, text, text, text, text, text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.add_authority_combination(company text, class text, allowed boolean, code_a text DEFAULT '%'::text, code_b text DEFAULT '%'::text, code_c text DEFAULT '%'::text, code_d text DEFAULT '%'::text, code_e text DEFAULT '%'::text, code_f text DEFAULT '%'::text, code_g text DEFAULT '%'::text, code_h text DEFAULT '%'::text, code_i text DEFAULT '%'::text, code_j text DEFAULT '%'::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  return postern_internal.add_combination(postern_internal.require_class(company, null, class), allowed,
                                          array[code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j]);
end
$$;


ALTER FUNCTION postern.add_authority_combination(company text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) OWNER TO postern_owner;

--
-- Name: FUNCTION add_authority_combination(company text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.add_authority_combination(company text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) IS 'Adds a rule to an authority class of a company: code strings that all ten patterns match are allowed, or not allowed. Not allowed always wins; what no rule allows is not allowed. A pattern is a value; a single space for blank; or contains % for any characters or none (% alone also matches blank) and _ for one; [%], [_] and [[] are these characters themselves. Returns the rule''s id; adding the same rule again returns the same id. Errors: PS201 no such company, PS301 no such class, MAX, allowed is NULL, or a pattern that is NULL, empty or over 20 characters.';


--
-- Name: add_event_action(text, text, text, text, text, text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.add_event_action(name text, event text, kind text, target text, condition text DEFAULT NULL::text, template text DEFAULT NULL::text, allow_internal boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  new_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if name is null or name !~ '^[A-Za-z][A-Za-z0-9_-]{0,62}$' then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the event action is not usable',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Use 1 to 63 letters, digits, underscores and hyphens, beginning with a letter.';
  end if;
  target := postern_internal.require_event_receiver(event, kind, target, condition, template, allow_internal);

  insert into postern_internal.event_action (name, event, kind, target, condition, template, allow_internal, queued_to, after_log_id, place)
  select name, event, kind::postern_internal.event_action_kind, target, condition, template, allow_internal,
         postern_internal.event_snapshot(), postern_internal.restored_log_id(), postern_internal.current_place()
  on conflict do nothing
  returning event_action_id into new_id;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'An event action of this name already exists',
      detail = format('name is %s.', to_jsonb(name)),
      hint = 'Choose another name, or change the existing action with postern.change_event_action.';
  end if;
  return case when kind = 'webhook' then postern_internal.create_webhook_secret(new_id) end;
end
$_$;


ALTER FUNCTION postern.add_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION add_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.add_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) IS 'Adds a receiver that is notified of an event, from what commits after this on. name: 1 to 63 letters, digits, underscores and hyphens. event: see postern.event. kind and target: webhook, a URL; mail, an address; function, one (event jsonb) returns void; notify, a channel. condition: an expression over the event''s parameters; NULL: always. template: the text of the mail or the body of the webhook. allow_internal: the webhook may go to an address inside your network. Returns the secret that signs the webhook, which is not shown again; NULL for other kinds. Errors: PS107.';


--
-- Name: add_ledger_combination(text, text, text, boolean, text, text, text, text, text, text, text, text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text DEFAULT '%'::text, code_b text DEFAULT '%'::text, code_c text DEFAULT '%'::text, code_d text DEFAULT '%'::text, code_e text DEFAULT '%'::text, code_f text DEFAULT '%'::text, code_g text DEFAULT '%'::text, code_h text DEFAULT '%'::text, code_i text DEFAULT '%'::text, code_j text DEFAULT '%'::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  return postern_internal.add_combination(postern_internal.require_class(company, ledger_id, class), allowed,
                                          array[code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j]);
end
$$;


ALTER FUNCTION postern.add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) OWNER TO postern_owner;

--
-- Name: FUNCTION add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) IS 'Adds a rule to an authority class of an internal ledger: code strings that all ten patterns match are allowed, or not allowed. Not allowed always wins; what no rule allows is not allowed. A pattern is a value; a single space for blank; or contains % for any characters or none (% alone also matches blank) and _ for one; [%], [_] and [[] are these characters themselves. Returns the rule''s id; adding the same rule again returns the same id. Errors: PS201 no such company, PS301 no such ledger, no such class, MAX, allowed is NULL, or a pattern that is NULL, empty or over 20 characters.';


--
-- Name: allow_login(name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.allow_login(db_role name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  role record;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if db_role is null then
    raise exception using
      errcode = 'PS107',
      message = 'db_role is missing',
      detail = 'db_role is NULL.',
      hint = 'Pass the name of a login role.';
  end if;
  perform postern_internal.require_db_role(db_role);
  select r.oid, r.rolcanlogin into strict role from pg_roles as r where r.rolname = allow_login.db_role;
  insert into postern_internal.allowed_login as a (db_role, role_oid, system_identifier)
  select db_role, role.oid, c.system_identifier from pg_control_system() as c
  on conflict on constraint allowed_login_pkey do update
     set role_oid = excluded.role_oid, system_identifier = excluded.system_identifier,
         allowed_at = excluded.allowed_at, allowed_by = excluded.allowed_by
   where (a.role_oid, a.system_identifier) <> (excluded.role_oid, excluded.system_identifier);
  if not role.rolcanlogin then
    raise warning using
      message = format('%I cannot log in', db_role),
      detail = 'Only the role that logged in counts; allowing a group does not allow its members.',
      hint = 'Allow each login role separately.';
  end if;
end
$$;


ALTER FUNCTION postern.allow_login(db_role name) OWNER TO postern_owner;

--
-- Name: FUNCTION allow_login(db_role name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.allow_login(db_role name) IS 'Lets a login use its memberships of postern_trusted_app, postern_admin, postern_sealer and postern_event_worker in this database. It grants no membership. db_role: the role that logs in (session_user). Allowing twice is harmless. Errors: PS107 there is no such role, 42501 the caller''s login is not allowed.';


--
-- Name: append_leaves(bigint[], bytea[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.append_leaves(log_ids bigint[], hashes bytea[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  first_leaf bigint;
  new_size bigint;
  sealed_before pg_snapshot;
  unproven bigint;
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if log_ids is null or hashes is null or cardinality(log_ids) <> cardinality(hashes)
     or array_position(log_ids, null) is not null
     or exists (select from unnest(hashes) as h (hashes)
                 where h.hashes is null or octet_length(h.hashes) not between 32 and 2048 or octet_length(h.hashes) % 32 <> 0) then
    raise exception using
      errcode = 'PS107',
      message = 'The leaves cannot be appended',
      detail = format('%s entries, %s texts of hashes; none may be NULL, and a text has 32 octets for each hash, 1 to 64 of them.', coalesce(cardinality(log_ids)::text, 'NULL'), coalesce(cardinality(hashes)::text, 'NULL')),
      hint = 'Seal with "postern log seal".';
  end if;
  perform from postern_internal.sealing for update nowait;
  select u.tree_size, u.snapshot into first_leaf, sealed_before from postern.sealed_until() as u;
  -- Not max(): a plan made while there are no leaves would read all of them each time.
  if first_leaf is distinct from coalesce((select l.leaf_number + 1 from postern_internal.leaf as l order by l.leaf_number desc limit 1), 0) then
    raise exception using
      errcode = 'PS501',
      message = 'The log''s tree was changed',
      detail = format('It was sealed up to %s leaves and does not end there.', first_leaf),
      hint = 'Find out what was changed with "postern log verify".';
  end if;
  insert into postern_internal.leaf (leaf_number, log_id, hashes)
  select first_leaf + n.position - 1, n.log_id, n.hashes
    from unnest(log_ids, hashes) with ordinality as n (log_id, hashes, position);
  new_size := first_leaf + cardinality(log_ids);

  with wanted as materialized (
    select n.log_id, substring(n.hashes for 32) as hash
      from unnest(log_ids, hashes) as n (log_id, hashes)
  ),
  stretch as (
    select min(i.log_id) as lowest, max(i.log_id) as highest
      from (select g.log_id, count(*) filter (where g.gap > 100) over (order by g.log_id) as island
              from (select w.log_id, w.log_id - lag(w.log_id) over (order by w.log_id) as gap from wanted as w) as g) as i
     group by i.island
  )
  select cardinality(log_ids) - count(distinct w.log_id)
    into unproven
    from stretch as s
   cross join lateral (
     select e.log_id, e.transaction_id, postern_internal.leaf_hash(e) as hash
       from postern_internal.checkpoint_entry as e
      where e.log_id between s.lowest and s.highest
        and (e.transaction_id is distinct from pg_current_xact_id_if_assigned() or age(e.xmin) > 0)
     offset 0
   ) as e
    join wanted as w on w.log_id = e.log_id
   where e.hash = w.hash
     and (sealed_before is null or not pg_visible_in_snapshot(e.transaction_id, sealed_before));
  if unproven <> 0 then
    raise exception using
      errcode = 'PS501',
      message = 'The leaves are not those of the log''s entries',
      detail = format('%s of %s entries are not in the log as they were hashed, or are not new: of this transaction, or from before the last seal.', unproven, cardinality(log_ids)),
      hint = 'Seal with "postern log seal", of the version that is installed.';
  end if;

  -- A leaf stores each subtree that it completes, one for each bit 1 at the end of its number. The left half of such a
  -- subtree was completed by an earlier leaf, the right half by this one.
  -- The lowest bit 0 of the number, as a number, is 2 to the power of how many there are.
  select min(l.leaf_number)
    into unproven
    from (select n.leaf_number, n.hashes, generate_series(1, octet_length(n.hashes) / 32 - 1) as level -- not in FROM, which would make a table for each leaf
            from postern_internal.leaf as n
           where n.leaf_number >= first_leaf
             and octet_length(n.hashes) > 32
          offset 0) as l
   where substring(l.hashes from 32 * level + 1 for 32) is distinct from
         sha256(E'\\x01'::bytea
                || (select substring(m.hashes from 32 * level - 31 for 32) -- by its key, whatever the planner knows
                      from postern_internal.leaf as m
                     where m.leaf_number = l.leaf_number - (1::bigint << (level - 1)))
                || substring(l.hashes from 32 * level - 31 for 32));
  if unproven is null then
    select min(l.leaf_number)
      into unproven
      from postern_internal.leaf as l
     where l.leaf_number >= first_leaf
       and (1::bigint << (octet_length(l.hashes) / 32 - 1)) <> ((l.leaf_number + 1) & -(l.leaf_number + 1));
  end if;
  if unproven is not null then
    raise exception using
      errcode = 'PS501',
      message = 'The hashes do not fit the log''s tree',
      detail = format('Leaf %s does not have the hashes of the subtrees that it completes.', unproven),
      hint = 'Seal with "postern log seal"; if that fails, find out what was changed with "postern log verify".';
  end if;

  update postern_internal.sealing as s set tree_size = new_size;
  return new_size;
end
$$;


ALTER FUNCTION postern.append_leaves(log_ids bigint[], hashes bytea[]) OWNER TO postern_owner;

--
-- Name: FUNCTION append_leaves(log_ids bigint[], hashes bytea[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.append_leaves(log_ids bigint[], hashes bytea[]) IS 'Makes entries the next leaves of the log''s tree, in the given order. hashes: as in postern.log_leaf, one text of octets for each entry; the database computes them again. Returns the number of leaves. Errors: 23505 an entry has a leaf, 55P03 another one is sealing, PS107 argument, PS501 the hashes are not those of the entries and their tree, entries are not new, or leaves are missing or were added; 42501 this database does not allow the login.';


--
-- Name: assume_user(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.assume_user(userid text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  -- Assignments, because PL/pgSQL evaluates an expression faster than a PERFORM.
  setting text := case when postern_internal.require_allowed_login('postern_trusted_app') then postern_internal.session_setting(userid) end;
begin
  if setting is null then
    userid := postern.resolve_userid(userid);
    setting := postern_internal.session_setting(userid);
  end if;
  if setting is null then
    raise exception using
      errcode = 'PS402',
      message = 'The session cannot be started',
      detail = format('%s is no active end user.', coalesce(to_jsonb(left(userid, 128))::text, 'NULL')),
      hint = 'Pass the user id of an active end user; an administrator creates one with postern.create_user.';
  end if;
  setting := set_config('postern.session', setting, true);
  return userid;
end
$$;


ALTER FUNCTION postern.assume_user(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION assume_user(userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.assume_user(userid text) IS 'Asserts the end user of this transaction by name, without a signature. Returns the user id in its original spelling. Errors: PS402 no such active user, 42501 this database does not allow the login.';


--
-- Name: assume_user(text, uuid); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.assume_user(userid text, ticket uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_temp'
    AS $$
declare
  known text;
begin
  -- A CASE guarantees that the login is checked first.
  if userid is null or not (case when postern_internal.require_allowed_login('postern_trusted_app') then postern_internal.use_ticket(ticket, userid) end) then
    known := postern.assume_user(userid); -- raises the reason if it is the user
    if known = userid or not postern_internal.use_ticket(ticket, known) then
      perform postern_internal.refuse_ticket(ticket);
    end if;
    return known;
  end if;
  return userid;
end
$$;


ALTER FUNCTION postern.assume_user(userid text, ticket uuid) OWNER TO postern_owner;

--
-- Name: FUNCTION assume_user(userid text, ticket uuid); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.assume_user(userid text, ticket uuid) IS 'The same as assume_user(userid) and open_gates(ticket), in one round trip. Returns the user id. Errors: those of both.';


--
-- Name: authenticate(text, text, text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.authenticate(challenge text, username text, response text, comment text DEFAULT NULL::text, scheme text DEFAULT 'PIN'::text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET debug_print_plan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
declare
  fields jsonb := postern_internal.read_challenge(challenge);
  session_userid text := fields ->> 'user';
  gate postern_internal.gate;
  verify_name text;
  username_folded text;  -- computed in each attempt, because its duration must not reveal who is known
  target text;   -- whose credential is tried; NULL if username cannot be right
  counted text;  -- whose attempts are counted
  credential postern_internal.credential;
  is_active boolean;
  is_right boolean;
  own postern_internal.credential;  -- of the session's user, who also pays for filling the log
  attempted_at timestamptz;
  verdict postern_internal.verdict;
  new_failures integer;
  new_lockouts integer;
  new_locked_until timestamptz;
  new_denials integer;
  new_denials_since timestamptz;
  max_failures integer := postern_internal.setting_integer('max_failures');
  lock_minutes integer := postern_internal.setting_integer('lock_minutes');
  max_lock_minutes integer := postern_internal.setting_integer('max_lock_minutes');
  issued uuid;
  -- For a user without a PIN: bcrypt takes as long as usual, and its result equals no stored hash.
  dummy_hash constant text := '$2a$10$abcdefghijklmnopqrstuu';
begin
  perform postern_internal.refuse_read_only();
  if to_timestamp((fields ->> 'expires')::double precision) <= clock_timestamp() then
    perform postern_internal.raise_ticket_invalid('expired',
      format('It was valid until %s.', to_timestamp((fields ->> 'expires')::double precision)),
      jsonb_build_object('expires_at', to_timestamp((fields ->> 'expires')::double precision)),
      message => 'The challenge has expired',
      hint => 'Send the business transaction again and answer the challenge that it returns.');
  end if;
  comment := postern_internal.check_comment(comment);
  if comment is null and postern_internal.setting_boolean('comment_required') then
    raise exception using
      errcode = 'PS108',
      message = 'A comment is required',
      detail = 'The setting comment_required is true, and the comment is missing or blank.',
      hint = 'Ask the user for the reason, and pass the answer as comment.';
  end if;
  if username is null or response is null then
    raise exception using
      errcode = 'PS107',
      message = 'User name and response are required',
      detail = format('%s is NULL.', case when username is null then 'username' else 'response' end),
      hint = 'Pass what the user typed. To refuse, call postern.cancel(challenge, comment).';
  end if;
  if octet_length(username) > 512 or octet_length(response) > 65536 then
    raise exception using
      errcode = 'PS107',
      message = 'User name or response is too long',
      detail = format('username has %s bytes, response has %s; 512 and 65536 are allowed.', octet_length(username), octet_length(response)),
      hint = 'Pass what the user typed.';
  end if;

  select g.* into gate from postern_internal.gate as g where g.gate_id = fields ->> 'gate';
  if not found then
    perform postern_internal.raise_ticket_invalid('gate_removed',
      format('Its gate %s no longer exists.', fields ->> 'gate'),
      jsonb_build_object('gate', fields ->> 'gate'),
      message => 'The challenge is not valid',
      hint => 'Send the business transaction again.');
  end if;
  select s.verify_function into verify_name
    from postern_internal.scheme as s
   where s.scheme = authenticate.scheme
     and s.enabled
     and (s.scheme = 'PIN' or not gate.built_in and postern_internal.is_verify_function(to_regprocedure(s.verify_function)));
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The scheme cannot be used here',
      detail = format('scheme is %s, the gate is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL'), gate.gate_id),
      hint = 'Use one of the schemes that the error PS101 names.';
  end if;

  -- A second attempt would see what the first one counted, and reveal it by PS110 or a lock-out. The user does not
  -- matter, because the transaction may have changed sessions. An attempt rolled back to a savepoint left nothing to
  -- find and taught nothing.
  if exists (select from postern_internal.own_entry as e where e.outcome not in ('passed', 'cancelled')) then
    perform postern_internal.raise_ticket_invalid('second_answer',
      'A transaction may authenticate only once, whatever the outcome.',
      message => 'This transaction has authenticated already',
      hint => 'Commit, and answer the next challenge in a transaction of its own.');
  end if;

  -- The attempts of a user can be spent only by that user's session, or, with all_users_valid, by the session of
  -- another user who could approve and has a PIN in use. Any other name costs the session's own user an attempt. It is
  -- tried in vain against that user's row, so that it reads and writes the same as a right name.
  username_folded := postern_internal.fold_userid(username);
  if username_folded = postern_internal.fold_userid(session_userid) then
    target := session_userid;
  elsif not gate.built_in and postern_internal.setting_boolean('all_users_valid') then
    select e.userid into target
      from postern_internal.end_user as e
     where e.folded = username_folded
       and e.active
       and exists (select from postern_internal.credential as c
                    where c.userid = session_userid and c.hash is not null and not c.must_change);
  end if;
  counted := coalesce(target, session_userid);

  -- Locks the row of the session's user too, here and in the UPDATE below. So set_user_active waits and then finds the
  -- ticket, or fails if its snapshot is older, and using a ticket need not check again that the user is active. The
  -- rows are locked in order, so that two users who approve for each other do not deadlock.
  perform from postern_internal.credential as c where c.userid in (session_userid, counted) order by c.userid for update;
  select c.* into strict own from postern_internal.credential as c where c.userid = session_userid;
  perform postern_internal.require_rate('denials_per_hour', own.denials, own.denials_since);
  select c.* into strict credential from postern_internal.credential as c where c.userid = counted;
  -- Checked for both users, and only after the locks: they may have waited for set_user_active.
  select bool_and(e.active) into strict is_active from postern_internal.end_user as e where e.userid in (session_userid, counted);
  if scheme = 'PIN' then
    is_right := postern_internal.hash_pin(response, coalesce(credential.hash, dummy_hash)) = credential.hash
            and (gate.built_in or not credential.must_change);
  else
    is_right := postern_internal.verify_response(
      to_regprocedure(verify_name), target, response,
      fields - array['user', 'role', 'digest', 'nonce'] || jsonb_build_object('username', username));
  end if;
  is_right := coalesce(is_right, false) and is_active and target is not null;

  -- One path for all verdicts, with constants that are enums once read. A statement that only one verdict runs would be
  -- planned for it alone, and anybody could count the catalog reads of that planning.
  attempted_at := clock_timestamp();
  verdict := case when credential.locked_until > attempted_at then 'locked'::postern_internal.verdict
                  when is_right then 'accepted'::postern_internal.verdict
                  else 'denied'::postern_internal.verdict end;
  new_failures := case when verdict = 'locked' then credential.failures
                       when verdict = 'accepted' then 0
                       when credential.failures >= max_failures then 1  -- a lock-out has ended
                       else credential.failures + 1 end;
  new_lockouts := case when verdict = 'accepted' then 0
                       when verdict = 'denied' and new_failures >= max_failures then credential.lockouts + 1
                       else credential.lockouts end;
  -- Each consecutive lock-out takes twice as long as the one before. A minute doubled 14 times is more than a week.
  new_locked_until := case when verdict = 'locked' then credential.locked_until
                           when new_lockouts > credential.lockouts
                           then attempted_at + make_interval(mins => greatest(lock_minutes, least(lock_minutes * (1 << least(credential.lockouts, 14)), max_lock_minutes)))
                           else '-infinity' end;
  new_denials := case when verdict = 'accepted' then own.denials
                      when own.denials_since > attempted_at - interval '1 hour' then own.denials + 1
                      else 1 end;
  new_denials_since := case when verdict = 'accepted' or own.denials_since > attempted_at - interval '1 hour' then own.denials_since
                            else attempted_at end;
  update postern_internal.credential as c
     set first_filler = gen_random_uuid(),
         failures = case when c.userid = counted then new_failures else c.failures end,
         lockouts = case when c.userid = counted then new_lockouts else c.lockouts end,
         locked_until = case when c.userid = counted then new_locked_until else c.locked_until end,
         denials = case when c.userid = session_userid then new_denials else c.denials end,
         denials_since = case when c.userid = session_userid then new_denials_since else c.denials_since end,
         last_filler = gen_random_uuid()
   where c.userid in (session_userid, counted);

  insert into postern_internal.ticket
    (ticket, nonce, verdict, locked_until, userid, authenticated_by, scheme, comment, gate_id, exclusive, action, digest, parameters, message, expires_at)
  values
    (postern_internal.new_uuid(), fields ->> 'nonce', verdict, new_locked_until,
     session_userid, coalesce(target, left(username, 128)), scheme, comment, gate.gate_id, gate.exclusive, fields ->> 'action',
     decode(fields ->> 'digest', 'hex'), fields ->> 'parameters', fields ->> 'message',
     clock_timestamp() + make_interval(secs => postern_internal.setting_integer('ticket_seconds')))
  returning ticket into issued;

  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket)
  values
    (case when verdict = 'accepted' then 'accepted'::postern_internal.outcome
          when verdict = 'locked' then 'refused'::postern_internal.outcome
          when new_locked_until = '-infinity' then 'denied'::postern_internal.outcome
          else 'locked'::postern_internal.outcome end,
     gate.gate_id, fields ->> 'action', session_userid, coalesce(target, left(username, 128)),
     fields ->> 'message', fields -> 'parameters', comment, scheme, issued);

  return issued;
end
$_$;


ALTER FUNCTION postern.authenticate(challenge text, username text, response text, comment text, scheme text) OWNER TO postern_owner;

--
-- Name: FUNCTION authenticate(challenge text, username text, response text, comment text, scheme text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.authenticate(challenge text, username text, response text, comment text, scheme text) IS 'Answers a challenge, in its own transaction, which must commit. challenge: from PS101 or postern.challenge. username, response: what the person typed; bind them as parameters, so that they reach no server log. comment: for the log, at most 2000 characters. scheme: one that PS101 names. Returns a ticket whatever the response was; postern.open_gates and postern.ticket_status tell later transactions the verdict. Errors: PS103 the challenge is not valid, or this transaction has already answered one, PS107 argument, PS108 comment missing, PS110 too many denied attempts within an hour, PS401, PS402; 25006 on a standby and in a read-only transaction.';


--
-- Name: before_protection(regclass); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  recorded jsonb;
begin
  begin
    select substring(obj_description(p.oid, 'pg_policy') from 'Before protection: ({.*})$')::jsonb
      into recorded
      from pg_policy as p
     where p.polrelid = relation and p.polname in ('postern_company', 'postern_ledger')
     order by p.polname
     limit 1;
    enabled := (recorded ->> 'enabled')::boolean;
    forced := (recorded ->> 'forced')::boolean;
    policies := array(select jsonb_array_elements_text(recorded -> 'policies'));
  exception when data_exception then
    recorded := null;  -- somebody has rewritten the comment
  end;
  if enabled is null or forced is null or policies is null then
    -- If the policy postern_permit exists, Postern has switched row security on. Otherwise the present state counts, and
-- stays.
    select c.relrowsecurity and not p.permit, c.relforcerowsecurity and not p.permit, case when p.permit then '{}' else p.names end
      into enabled, forced, policies
      from pg_class as c
     cross join lateral (
       select coalesce(bool_or(p.polname = 'postern_permit'), false) as permit,
              coalesce(array_agg(p.polname::text order by p.polname) filter (where p.polname not in ('postern_company', 'postern_ledger')), '{}') as names
         from pg_policy as p
        where p.polrelid = c.oid
     ) as p
     where c.oid = relation;
  end if;
  -- Until then, grants alone controlled access.
  permitted := not enabled and cardinality(policies) = 0;
end
$_$;


ALTER FUNCTION postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) IS 'For put_policy, unprotect and doctor: the state of a table before it was protected; for an unprotected table, its present state. enabled, forced: its row security. policies: the names of its policies. permitted: it had neither row security nor policies, so that Postern gives it the policy postern_permit. NULLs if there is no such table.';


--
-- Name: begin_action(text, jsonb); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.begin_action(action text, parameters jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  begun postern_internal.action := postern_internal.find_action(action);
  gate postern_internal.gate;
  message text;
begin
  if pg_column_size(parameters) > 262144 then
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters)); -- as check_parameters would, but without reading them
  end if;
  -- The type and length of the parameters are checked at each call. Otherwise an application would learn of a fault
  -- only when the first gate is switched on.
  parameters := postern_internal.check_parameters(
    action,
    case when jsonb_typeof(parameters) = 'object' then array(select name from jsonb_object_keys(parameters) as name) end,
    parameters);
  gate := postern_internal.approval_gate(begun, parameters);
  if gate.gate_id is null then
    perform set_config('postern.action',
                       postern_internal.action_setting(jsonb_build_object('action', action, 'parameters', parameters)::text),
                       true);
    return;
  end if;

  if current_setting('transaction_read_only') = 'on' then
    perform postern_internal.refuse_read_only();
  end if;
  parameters := postern_internal.check_parameters(coalesce(begun.checkpoint, action), gate.parameters, parameters);
  message := postern_internal.substitute(gate.message_template, gate.parameters, parameters);
  if gate.exclusive then
    -- Its ticket opens only the beginning of this action, and no gate inside.
    perform set_config('postern.action', '', true);
    perform postern_internal.pass_gate(gate.gate_id, parameters, action);
    return;
  end if;
  -- One approval, one action: the ticket must be for this action, with the same values, and still valid when it begins.
  -- Beginning it again in the same transaction is allowed.
  update postern_internal.current_open_gate as o
     set action_begun = true
   where o.action = begin_action.action
     and o.digest = postern_internal.digest(gate.gate_id, begin_action.action, gate.unbound_parameters, begin_action.parameters)
     and (o.action_begun or o.expires_at > clock_timestamp());
  if not found then
    perform postern_internal.refuse_action(action, gate, message, parameters);
  end if;
  perform set_config('postern.action', '', true);
  if gate.gate_id = begun.checkpoint then
    perform postern_internal.pass_gate(gate.gate_id, parameters, action);
  end if;
end
$$;


ALTER FUNCTION postern.begin_action(action text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION begin_action(action text, parameters jsonb); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.begin_action(action text, parameters jsonb) IS 'Begins an action in this transaction, before its business code. action: a registered action. parameters: an object; if the action has its own checkpoint, exactly that gate''s parameters. Until the next action begins, an active gate that this one does not reference raises PS105, unless the action was approved. Errors: PS101 authentication is required (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such action, PS107 parameters, PS401, PS402; 25006 on a standby and in a read-only transaction.';


--
-- Name: begin_sealing(bigint, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.begin_sealing(confirmed_timeline bigint DEFAULT NULL::bigint, confirmed_database text DEFAULT NULL::text) RETURNS TABLE(tree_size bigint, snapshot pg_snapshot, is_new_place boolean)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  perform postern_internal.refuse_read_only();
  perform from postern_internal.sealing for update nowait;
  is_new_place := postern_internal.require_sealing_place(confirmed_timeline, confirmed_database);
  perform postern_internal.require_fresh_log_ids();
  return query select u.tree_size, u.snapshot, is_new_place from postern.sealed_until() as u;
end
$$;


ALTER FUNCTION postern.begin_sealing(confirmed_timeline bigint, confirmed_database text) OWNER TO postern_owner;

--
-- Name: FUNCTION begin_sealing(confirmed_timeline bigint, confirmed_database text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.begin_sealing(confirmed_timeline bigint, confirmed_database text) IS 'Makes this transaction the only one that seals the log, and returns how far it is sealed, like postern.sealed_until. confirmed_timeline, confirmed_database: after a failover, or if this database replaces the one that was sealed, the place as the error shows it; NULL: the place is the same as before. is_new_place: it is not, and end_sealing has to record it. Errors: 55000 the log was sealed in another place, or has ids that its sequences have yet to give out; 55P03 another session is sealing; 40001 another session has just sealed; 42501 this database does not allow the login.';


--
-- Name: begin_session(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.begin_session(token text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  parts text[];
  header_text text;
  claims_text text;
  header jsonb;
  claims jsonb;
  signature bytea;
  inner_pad bytea;
  outer_pad bytea;
  retired_at timestamptz;
  userid text;
  setting text;
  reason text;
  issued numeric;
  expires numeric;
  now_seconds numeric;
begin
  if token is null or length(token) > 8192
     or token !~ '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$' then
    reason := 'It is not a JWT of at most 8192 characters.';
  else
    begin
      parts := string_to_array(token, '.');
      header_text := convert_from(postern_internal.decode_base64url(parts[1]), 'UTF8');
      header := header_text::jsonb;
      signature := postern_internal.decode_base64url(parts[3]);
      select s.inner_pad, s.outer_pad, s.retired_at into inner_pad, outer_pad, retired_at
        from postern_internal.session_key as s
       where s.kid = header ->> 'kid';
      if jsonb_typeof(header) is distinct from 'object' or header ->> 'alg' is distinct from 'HS256' then
        reason := 'Its algorithm is not HS256.';
      elsif header -> 'crit' is not null then
        reason := 'Its header has critical extensions, and none is understood.';
      elsif inner_pad is null then
        reason := 'Its key id is not known.';
      elsif retired_at is not null then
        reason := 'Its key is retired.';
      elsif sha256(outer_pad || sha256(inner_pad || convert_to(parts[1] || '.' || parts[2], 'UTF8'))) <> signature then
        reason := 'Its signature is wrong.';
      else
        -- No claim is read before the signature has been verified.
        claims_text := convert_from(postern_internal.decode_base64url(parts[2]), 'UTF8');
        claims := claims_text::jsonb;
        -- jsonb keeps the last value of a duplicate name; another reader of the same token may keep the first.
        if cardinality(array(select json_object_keys(header_text::json))) <> cardinality(array(select jsonb_object_keys(header)))
           or cardinality(array(select json_object_keys(claims_text::json))) <> cardinality(array(select jsonb_object_keys(claims))) then
          reason := 'A name is twice in its header, or in its claims.';
        elsif jsonb_typeof(claims -> 'sub') is distinct from 'string' or claims ->> 'sub' = '' then
          reason := 'The claim sub is missing.';
        elsif jsonb_typeof(claims -> 'jti') is distinct from 'string' or claims ->> 'jti' = '' then
          reason := 'The claim jti is missing.';
        elsif (claims -> 'aud' @> to_jsonb(current_database())) is not true then  -- neither this string nor an array with it
          reason := format('Its audience (aud) is not the database %s.', current_database());
        elsif jsonb_typeof(claims -> 'exp') is distinct from 'number' or jsonb_typeof(claims -> 'iat') is distinct from 'number' then
          reason := 'The claims iat and exp must be numbers: seconds since 1970.';
        elsif claims -> 'nbf' is not null and jsonb_typeof(claims -> 'nbf') <> 'number' then
          reason := 'The claim nbf must be a number: seconds since 1970.';
        else
          expires := (claims ->> 'exp')::numeric;
          issued := (claims ->> 'iat')::numeric;
          now_seconds := extract(epoch from clock_timestamp());
          if expires <= now_seconds then
            reason := 'It has expired.';
          elsif issued > now_seconds + 60.0 then
            reason := 'It was issued in the future (iat); 60 seconds are allowed for clocks that differ.';
          -- The setting is at least 60, so shorter tokens need no look at it.
          elsif expires - issued > 60.0 and expires - issued > postern_internal.setting_integer('token_max_seconds')::numeric then
            reason := format('From iat to exp it has more than the %s seconds of the setting token_max_seconds.', postern_internal.setting_integer('token_max_seconds'));
          elsif (claims ->> 'nbf')::numeric > now_seconds + 60.0 then
            reason := 'It is not valid yet (nbf).';
          else
            userid := claims ->> 'sub';
            setting := postern_internal.session_setting(userid);
            if setting is null then
              userid := postern.resolve_userid(userid);
              setting := postern_internal.session_setting(userid);
            end if;
            if setting is null then
              reason := format('Its subject %s is no active end user.', to_jsonb(left(claims ->> 'sub', 128)));
            end if;
          end if;
        end if;
      end if;
    exception when data_exception then
      reason := 'It is not a JWT: header or claims cannot be decoded.';
    end;
  end if;

  if reason is not null then
    raise exception using
      errcode = 'PS402',
      message = 'The session token is not valid',
      detail = reason,
      hint = 'Sign a JWT with HS256 and a key of postern.session_key: header kid, claims sub (user id), aud (name of this database), iat, exp and jti. Let exp be at most token_max_seconds after iat.';
  end if;
  perform set_config('postern.session', setting, true);
  return userid;
end
$_$;


ALTER FUNCTION postern.begin_session(token text) OWNER TO postern_owner;

--
-- Name: FUNCTION begin_session(token text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.begin_session(token text) IS 'Starts the session of an end user for this transaction. token: a JWT signed with HS256 by a key of postern.session_key; header kid; claims sub (user id), aud (name of this database), iat, exp, jti; nbf is honoured; no name twice; from iat to exp at most the seconds of the setting token_max_seconds. Returns the user id as it was first written. Errors: PS402 the token is forged, expired, not meant for this database, or names no active user.';


--
-- Name: begin_session(text, uuid); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.begin_session(token text, ticket uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  userid text := postern.begin_session(token);
begin
  if not postern_internal.use_ticket(ticket, userid) then
    perform postern_internal.refuse_ticket(ticket);
  end if;
  return userid;
end
$$;


ALTER FUNCTION postern.begin_session(token text, ticket uuid) OWNER TO postern_owner;

--
-- Name: FUNCTION begin_session(token text, ticket uuid); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.begin_session(token text, ticket uuid) IS 'The same as begin_session(token) and open_gates(ticket), in one round trip. Returns the user id. Errors: those of both.';


--
-- Name: bypassing_functions(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.bypassing_functions() RETURNS TABLE(function oid, tables text, functions text, suitable_owner oid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_nestloop TO 'off'
    AS $_$
begin
  return query
    with recursive
    bypassing as materialized (
      select r.oid, r.rolname from pg_roles as r where r.rolsuper or r.rolbypassrls
    ),
    candidate as materialized (
      select p.oid, p.proowner
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
        join pg_language as l on l.oid = p.prolang
        join bypassing as b on b.oid = p.proowner
       where p.prosecdef
         and l.lanname not in ('c', 'internal')
         and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_t(oast|emp)'
         -- A trigger function runs even if nobody has a right to it.
         and (p.prorettype = 'trigger'::regtype or p.proacl is null or exists (select from aclexplode(p.proacl) as x where x.grantee <> p.proowner))
         and not exists (select from pg_depend as d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    ),
    guarded as materialized (
      select g.relation, g.identity, g.relowner from postern_internal.guarded_table as g where exists (select from candidate)
    ),
    readable (relation, guarded) as (
      select g.relation, g.relation from guarded as g
      union
      select v.oid, r.guarded
        from readable as r
        join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_rewrite'::regclass
        join pg_rewrite as w on w.oid = d.objid
        join pg_class as v on v.oid = w.ev_class and v.relkind = 'v'
       where exists (select from pg_options_to_table(v.reloptions) as x where x.option_name = 'security_invoker' and x.option_value::boolean)
    ),
    named as materialized (
      select r.guarded, lower(c.relname) as word, lower(n.nspname) as schema
        from readable as r
        join pg_class as c on c.oid = r.relation
        join pg_namespace as n on n.oid = c.relnamespace
    ),
    body as materialized (
      select p.oid, lower(p.proname) as word, p.prosecdef,
             regexp_replace(lower(p.prosrc), E'("(?:[^"]|"")*")|--[^\n]*|/\\*(?:[^*]|\\*+[^*/])*\\*+/', E'\\1 ', 'g') as source
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
        join pg_language as l on l.oid = p.prolang
       where exists (select from candidate) and exists (select from guarded)
         and p.prosqlbody is null
         and l.lanname not in ('c', 'internal')
         and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_t(oast|emp)'
         and n.nspowner is distinct from to_regrole('postern_owner')
         and (not p.prosecdef or p.oid in (select c.oid from candidate as c))
    ),
    -- Bound to its tables when it was created.
    bound as materialized (
      select p.oid, lower(p.proname) as word, r.guarded
        from readable as r
        join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = r.relation and d.classid = 'pg_proc'::regclass
        join pg_proc as p on p.oid = d.objid and p.prosqlbody is not null
       where exists (select from candidate)
    ),
    invoker as materialized (
      select b.oid, b.word from body as b where not b.prosecdef
      union
      select b.oid, b.word from bound as b join pg_proc as p on p.oid = b.oid and not p.prosecdef
    ),
    -- A clause extends as far as there are names, commas and aliases.
    clause as materialized (
      select b.oid, regexp_replace(c.part[1], E'\\m(where|on|group|order|set|limit|loop|values|returning|for|union|having|when)\\M.*', '') as names
        from body as b
       cross join lateral regexp_matches(b.source, E'\\m(?:from|join|update|insert\\s+into|merge\\s+into|only|table|using)\\s+((?:"(?:[^"]|"")+"|[\\w.$\\s,])+)', 'g') as c (part)
    ),
    direct (function, guarded) as (
      select c.oid, k.guarded
        from clause as c
       cross join lateral regexp_matches(c.names, E'("(?:[^"]|"")+"|[\\w$]+)(?:\\s*\\.\\s*("(?:[^"]|"")+"|[\\w$]+))?', 'g') as r (part)
        join named as k on k.word = replace(btrim(coalesce(r.part[2], r.part[1]), '"'), '""', '"')
                       and (r.part[2] is null or k.schema = replace(btrim(r.part[1], '"'), '""', '"'))
       union
      select b.oid, b.guarded from bound as b
    ),
    calling (caller, called) as materialized (
      select b.oid, i.oid
        from body as b
       cross join lateral regexp_matches(b.source, E'("(?:[^"]|"")+"|[\\w$]+)\\s*\\(', 'g') as c (part)
        join invoker as i on i.word = replace(btrim(c.part[1], '"'), '""', '"') and i.oid <> b.oid
       where exists (select from direct as d join invoker as x on x.oid = d.function)
    ),
    -- Which functions lead to tables of which owners. Not to which tables: in a large application each function leads
    -- to hundreds, which would make millions of pairs.
    reaching (function, relowner) as (
      select d.function, g.relowner from direct as d join guarded as g on g.relation = d.guarded
      union
      select c.caller, r.relowner from reaching as r join calling as c on c.called = r.function
    ),
    owned as materialized (
      select r.function, min(r.relowner::bigint)::oid as relowner, count(*) = 1 as alone
        from reaching as r
       group by r.function
    ),
    naming as materialized (
      select d.function, string_agg(g.identity, ', ' order by g.identity) as tables
        from direct as d join guarded as g on g.relation = d.guarded
       group by d.function
    ),
    leading_on as materialized (
      select k.caller, string_agg(i.identity, ', ' order by i.identity) as functions
        from (select distinct c.caller, c.called from calling as c join owned as o on o.function = c.called
               where c.caller in (select x.oid from candidate as x)) as k
       cross join lateral pg_identify_object('pg_proc'::regclass, k.called, 0) as i
       group by k.caller
    )
      select c.oid, n.tables, l.functions,
             case when o.alone and o.relowner not in (select b.oid from bypassing as b) and o.relowner is distinct from to_regrole('postern_owner')
                  then o.relowner end
        from candidate as c
        join owned as o on o.function = c.oid
        left join naming as n on n.function = c.oid
        left join leading_on as l on l.caller = c.oid;
end
$_$;


ALTER FUNCTION postern.bypassing_functions() OWNER TO postern_owner;

--
-- Name: FUNCTION bypassing_functions(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.bypassing_functions() IS 'For postern.doctor: SECURITY DEFINER functions of superusers and roles with BYPASSRLS that others may call, and that name protected tables or functions that do. tables: those that it names itself. functions: those that it calls and that lead to protected tables. suitable_owner: the owner of all of these, if row security applies to that role.';


--
-- Name: call_event_function(text, uuid, bigint, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.call_event_function(name text, lease uuid, log_id bigint, version text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  action_id integer;
  target text;
  callee regprocedure;
  version_before text;
  settings_before text := postern_internal.event_session_settings();
  event jsonb := postern_internal.event_document(log_id);
  command bigint;
  commands bigint[];
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  action_id := postern_internal.require_event_action(name);
  -- The commit need not wait for the disk. If the server dies before it has written it, what the function did and the
  -- record of the delivery are undone together, and the delivery is made again. A function can set this back.
  set local synchronous_commit = off;
  -- Changes that others make to the function must be visible.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using
      errcode = 'PS107',
      message = 'An event''s function cannot be called in this transaction',
      detail = format('Its isolation level is %s.', current_setting('transaction_isolation')),
      hint = 'Begin it with: begin isolation level read committed.';
  end if;
  -- Looked up for each call, because the grant may have been revoked.
  select a.target into target from postern_internal.event_action as a where a.event_action_id = action_id and a.kind = 'function';
  callee := postern_internal.event_function(target);
  version_before := postern_internal.event_function_version(callee);
  if version_before is null then
    raise exception using
      errcode = 'PS107',
      message = 'Events may not call this function',
      detail = format('name is %s, the function is %s.', to_jsonb(name), coalesce(to_jsonb(target)::text, 'NULL')),
      hint = 'Use a function (event jsonb) returns void, SECURITY DEFINER, with search_path set, on which its owner has granted EXECUTE directly to postern_event_function.';
  end if;
  if version <> version_before then
    raise exception using
      errcode = '55000',
      constraint = 'version',
      message = 'This session is for another version of the event''s function',
      detail = format('The function is %s. It has been replaced or changed since the session called it, and may have another owner.', target),
      hint = 'Call it in a new session, without a version.';
  end if;
  if not (event ->> 'is_logged')::boolean
     or postern.finish_event_deliveries(name, lease, array[log_id], array['delivered'], array[0.0], array['']) <> 1 then
    raise exception using
      errcode = 'PS107',
      message = 'This delivery cannot be made',
      detail = format('lease is %s, log_id is %s; the entry is %sin the log.', coalesce(lease::text, 'NULL'), coalesce(log_id::text, 'NULL'),
                      case when (event ->> 'is_logged')::boolean then '' else 'not ' end),
      hint = 'Claim it with postern.claim_event_deliveries, and deliver it before the lease ends.';
  end if;

  select jsonb_object_agg(p.key, case when p.value = 'null' then '""' else p.value end) || jsonb_build_object('delivery_id', d.delivery_id)
    into event
    from postern_internal.event_delivery as d
   cross join jsonb_each(event - 'is_logged') as p
   where d.event_action_id = action_id and d.log_id = call_event_function.log_id
   group by d.delivery_id;

  -- A search_path set by the function would remain, so Postern's own is set again before anything else.
  perform postern_internal.run_event_function(target, event);
  set local search_path = pg_catalog, pg_temp;

  -- A deferred trigger can defer further ones, endlessly. So the second round, the one before the second mark, must
  -- change nothing. A change of a row is what defers a trigger, and a statement that changes one uses up a command
  -- number, which the next mark would miss.
  for mark in 1..3 loop
    if mark = 2 then
      perform postern_internal.run_event_function(null, null);
      set local search_path = pg_catalog, pg_temp;
    end if;
    update postern_internal.event_delivery as d set attempts = d.attempts
     where d.event_action_id = action_id and d.log_id = call_event_function.log_id
    returning d.cmin::text::bigint into command;
    commands[mark] := command;
  end loop;
  if (commands[2] - commands[1] = commands[3] - commands[2]) is not true then
    raise exception using
      errcode = 'PS107',
      message = 'The event''s function keeps deferring triggers',
      detail = format('The function is %s.', target),
      hint = 'Change the function so that its deferred triggers do not defer further triggers: those would run with another role''s rights.';
  end if;

  -- Somebody could replace the function by one that keeps the caller's rights. It could then call functions of other
  -- owners, or make run_event_function keep its caller's rights the next time.
  if postern_internal.event_function_version(callee) is distinct from version_before then
    raise exception using
      errcode = 'PS107',
      message = 'The event''s function was changed while it was called',
      detail = format('The function is %s.', target),
      hint = 'Leave it to the worker, which tries the delivery again: what the function did was rolled back.';
  end if;

  return case when postern_internal.event_session_settings() = settings_before then version_before end;
end
$$;


ALTER FUNCTION postern.call_event_function(name text, lease uuid, log_id bigint, version text) OWNER TO postern_owner;

--
-- Name: FUNCTION call_event_function(name text, lease uuid, log_id bigint, version text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.call_event_function(name text, lease uuid, log_id bigint, version text) IS 'Makes a delivery by calling the function of an action, which gets only its owner''s rights. For the worker, as the only statement of a transaction. Settings, temporary tables, prepared statements and locks that the function leaves in the session stay there: clean the session before it does anything else. The commit does not wait for the disk, unless the function sets synchronous_commit. name: of the action. lease: the one with which the delivery was claimed. log_id: of the entry; the function gets the parameters of that event from the log. version: what the previous call in this session returned; NULL in a new session. Returns the version of the function, with which the session may make the next call; NULL if it may make none, because plans that were made under changed settings stay in it. What the function does and the record of the call are committed together, or neither is. Errors: PS107 events may not call the function, it is not leased, it keeps deferring triggers, or was changed meanwhile; 55000 with the constraint version: the session called another version of the function; and those of the function.';


--
-- Name: cancel(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.cancel(challenge text, comment text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  fields jsonb := postern_internal.read_challenge(challenge);
  credential postern_internal.credential;
begin
  perform postern_internal.refuse_read_only();
  comment := postern_internal.check_comment(comment);
  select c.* into strict credential from postern_internal.credential as c where c.userid = fields ->> 'user' for update;
  perform postern_internal.require_rate('cancels_per_hour', credential.cancels, credential.cancels_since);
  if credential.cancels_since > clock_timestamp() - interval '1 hour' then
    update postern_internal.credential as c set cancels = c.cancels + 1 where c.userid = credential.userid;
  else
    update postern_internal.credential as c set cancels = 1, cancels_since = clock_timestamp() where c.userid = credential.userid;
  end if;
  insert into postern_internal.checkpoint_entry (outcome, gate_id, action, userid, message, parameters, comment)
  values ('cancelled', fields ->> 'gate', fields ->> 'action', fields ->> 'user', fields ->> 'message', fields -> 'parameters', comment);
end
$$;


ALTER FUNCTION postern.cancel(challenge text, comment text) OWNER TO postern_owner;

--
-- Name: FUNCTION cancel(challenge text, comment text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.cancel(challenge text, comment text) IS 'Logs that the user refused to approve. challenge: from PS101 or postern.challenge. comment: at most 2000 characters. Errors: PS103 the challenge is not valid, PS107 comment too long, PS110 too many within an hour, PS401, PS402; 25006 on a standby and in a read-only transaction.';


--
-- Name: challenge(text, jsonb); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.challenge(gate_id text, parameters jsonb DEFAULT '{}'::jsonb) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  gate postern_internal.gate;
begin
  -- A standby cannot accept the answer. A read-only transaction may ask, because the answer is given in another one.
  if pg_is_in_recovery() then
    perform postern_internal.refuse_read_only();
  end if;
  perform postern_internal.gate_is_active(gate_id);
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = challenge.gate_id;
  parameters := postern_internal.check_parameters(gate_id, gate.parameters, parameters);
  return postern_internal.create_challenge(
    postern.current_userid(), gate, null, parameters,
    postern_internal.substitute(gate.message_template, gate.parameters, parameters),
    postern_internal.challenge_expiry());
end
$$;


ALTER FUNCTION postern.challenge(gate_id text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION challenge(gate_id text, parameters jsonb); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.challenge(gate_id text, parameters jsonb) IS 'The challenge that postern.checkpoint would raise for these arguments, without reaching the gate and whether or not the gate is active. For dialogs that ask in advance. Errors: PS106 no such gate, PS107 parameters, PS401, PS402; 25006 on a standby, where nobody could answer it.';


--
-- Name: change_authority_combinations(text, text, text, jsonb, bigint[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[] DEFAULT '{}'::bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  changed_class_id bigint;
  rule record;
  inserted bigint;
  deleted bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if ledger_id is null then
    perform postern_internal.require_company(company);
  else
    perform postern_internal.require_ledger(company, ledger_id);
  end if;
  changed_class_id := postern_internal.require_class(company, ledger_id, class);
  perform postern_internal.require_administrable_class(changed_class_id);
  if jsonb_typeof(added) is distinct from 'array' or removed is null then
    raise exception using
      errcode = 'PS301',
      message = 'The change of the class is not usable',
      detail = format('added is %s, removed is %s.', coalesce('of type ' || jsonb_typeof(added), 'NULL'),
                      case when removed is null then 'NULL' else 'there' end),
      hint = 'Pass in added an array of objects with allowed (true or false) and patterns (an array of ten texts), in removed ids of rules; either may be empty.';
  end if;
  for rule in
    select r.value -> 'allowed' as allowed,
           case when jsonb_typeof(r.value -> 'patterns') = 'array'
                then array(select jsonb_array_elements_text(r.value -> 'patterns')) end as patterns
      from jsonb_array_elements(added) as r
  loop
    if jsonb_typeof(rule.allowed) is distinct from 'boolean' or cardinality(rule.patterns) is distinct from 10 then
      raise exception using
        errcode = 'PS301',
        message = 'A rule of the class is not usable',
        detail = format('allowed is %s; there are %s patterns.', coalesce(left(rule.allowed::text, 128), 'NULL'), coalesce(cardinality(rule.patterns), 0)),
        hint = 'Pass allowed, true or false, and ten patterns, for the code parts A to J.';
    end if;
    perform postern_internal.require_patterns(rule.patterns);
  end loop;

  perform postern_internal.begin_class_change(changed_class_id);
  delete from postern_internal.authority_combination as c
   where c.class_id = changed_class_id and c.combination_id = any (removed);
  get diagnostics deleted = row_count;
  insert into postern_internal.authority_combination as c (class_id, allowed, patterns)
  select changed_class_id, (r.value ->> 'allowed')::boolean, array(select jsonb_array_elements_text(r.value -> 'patterns'))
    from jsonb_array_elements(added) as r
  on conflict do nothing;
  get diagnostics inserted = row_count;
  if inserted > 0 or deleted > 0 then
    perform postern_internal.compile_class(changed_class_id);
  end if;
end
$$;


ALTER FUNCTION postern.change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[]) OWNER TO postern_owner;

--
-- Name: FUNCTION change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[]) IS 'Adds and removes many rules of one class, of a company or of an internal ledger (ledger_id not NULL), at the cost of one. added: an array of objects {"allowed": true, "patterns": [ten patterns, see add_authority_combination]}; existing rules are skipped. removed: ids of rules of this class; other ids are skipped. Errors: PS201 no such company, PS301 no such ledger or class, MAX, or a rule that is not usable; then nothing is changed.';


--
-- Name: change_event_action(text, text, text, text, text, text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.change_event_action(name text, event text, kind text, target text, condition text DEFAULT NULL::text, template text DEFAULT NULL::text, allow_internal boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  before record;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_event_action(name);
  target := postern_internal.require_event_receiver(event, kind, target, condition, template, allow_internal);

  -- Workers skip the action while it is locked here.
  select a.event_action_id, a.event, a.kind, a.place = postern_internal.current_place() as is_own into before
    from postern_internal.event_action as a
   where a.name = change_event_action.name
     for no key update;
  if not found then
    perform postern_internal.require_event_action(name);  -- raises the error if somebody has just removed it
  end if;
  if before.event <> event and before.is_own then
    perform postern_internal.queue_event_deliveries(before.event_action_id);
    update postern_internal.event_action as a
       set queued_to = postern_internal.event_snapshot(), queued_at = clock_timestamp(), after_log_id = postern_internal.restored_log_id()
     where a.event_action_id = before.event_action_id;
  end if;
  update postern_internal.event_action as a
     set event = change_event_action.event, kind = change_event_action.kind::postern_internal.event_action_kind,
         target = change_event_action.target, condition = change_event_action.condition,
         template = change_event_action.template, allow_internal = change_event_action.allow_internal,
         disabled_at = case when a.target = change_event_action.target then a.disabled_at end,
         disabled_reason = case when a.target = change_event_action.target then a.disabled_reason end
   where a.event_action_id = before.event_action_id;

  if kind = 'webhook' and before.kind <> 'webhook' then
    return postern_internal.create_webhook_secret(before.event_action_id);
  end if;
  if kind <> 'webhook' then
    delete from postern_internal.webhook_secret as s where s.event_action_id = before.event_action_id;
  end if;
  return null;
end
$$;


ALTER FUNCTION postern.change_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION change_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.change_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) IS 'Changes what an event action delivers to whom. name: of the action. The other arguments: the complete new definition, as in postern.add_event_action. The action keeps its queue, its place in the log and, as a webhook, its secrets. If it was disabled and the target is new, it is enabled. After a change of the event, only what commits later is delivered for the new one; what waits is delivered as the event it was. Returns the secret, which is not shown again, if the action becomes a webhook; NULL otherwise. Errors: PS107.';


--
-- Name: check_allowed_login(name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.check_allowed_login(role name) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if role is null or role not in ('postern_trusted_app', 'postern_admin', 'postern_sealer', 'postern_event_worker') then
    raise exception using
      errcode = 'PS107',
      message = 'This role cannot be checked',
      detail = format('role is %s.', coalesce(quote_ident(role), 'NULL')),
      hint = 'Pass postern_trusted_app, postern_admin, postern_sealer or postern_event_worker.';
  end if;
  return postern_internal.require_allowed_login(role);
end
$$;


ALTER FUNCTION postern.check_allowed_login(role name) OWNER TO postern_owner;

--
-- Name: FUNCTION check_allowed_login(role name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.check_allowed_login(role name) IS 'Returns true if session_user is a member of role and this database lets it use that membership; otherwise raises an error that says what to do. role: postern_trusted_app, postern_admin, postern_sealer or postern_event_worker. Errors: 42501, PS107 another role.';


--
-- Name: checkpoint(text, jsonb); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.checkpoint(gate_id text, parameters jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_temp'
    AS $$
begin
  if current_setting('postern.ticket', true) <> '' and pg_column_size(parameters) <= 262144 then
    insert into postern_internal.checkpoint_entry
      (outcome, gate_id, userid, authenticated_by, message, parameters, comment, scheme, ticket, salt)
    select 'passed', o.gate_id, o.userid, o.authenticated_by, o.message, checkpoint.parameters, o.comment, o.scheme, o.ticket, o.salt
      from postern_internal.current_open_gate as o
     where o.gate_id = checkpoint.gate_id
       and o.action is null
       and o.parameters = checkpoint.parameters::text
       and o.expires_at > clock_timestamp()
       and coalesce(current_setting('postern.action', true), '') = '';
    if found then
      return;
    end if;
  end if;
  if postern_internal.gate_is_active(gate_id) then
    if pg_column_size(parameters) > 262144 or current_setting('transaction_read_only') = 'on' then
      perform postern_internal.refuse_read_only();
      perform postern_internal.refuse_long_parameters(pg_column_size(parameters)); -- as check_parameters would, but without reading them
    end if;
    perform postern_internal.pass_gate(gate_id, parameters);
  end if;
end
$$;


ALTER FUNCTION postern.checkpoint(gate_id text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION checkpoint(gate_id text, parameters jsonb); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.checkpoint(gate_id text, parameters jsonb) IS 'Stops the transaction unless the gate is inactive or was opened for this transaction; a pass is logged. gate_id: a registered gate. parameters: an object with exactly the gate''s parameters. Errors: PS101 authentication is required (DETAIL is a JSON object with the challenge), PS103 the ticket was for something else, PS106 no such gate, PS107 parameters, PS401, PS402; 25006 on a standby and in a read-only transaction.';


--
-- Name: claim_event_deliveries(text, integer, uuid, integer, timestamp with time zone); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone) RETURNS SETOF jsonb
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
declare
  action_id integer;
  moment timestamptz;
  recorded postern_internal.place;
  here postern_internal.place;
  claimed record;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  perform postern_internal.refuse_read_only();
  action_id := postern_internal.require_event_action(name);
  if maximum is null or maximum not between 1 and 10000 or lease is null or lease_seconds is null or lease_seconds not between 1 and 3600
     or due_from is null then
    raise exception using
      errcode = 'PS107',
      message = 'These deliveries cannot be claimed',
      detail = format('maximum is %s, lease is %s, lease_seconds is %s, due_from is %s.', coalesce(maximum::text, 'NULL'), coalesce(lease::text, 'NULL'),
                      coalesce(lease_seconds::text, 'NULL'), coalesce(due_from::text, 'NULL')),
      hint = 'Pass 1 to 10000 deliveries, a new uuid, 1 to 3600 seconds, and the due_at to continue from.';
  end if;
  recorded := (select a.place from postern_internal.event_action as a where a.event_action_id = action_id);
  here := postern_internal.current_place();
  if recorded <> here then
    if postern_internal.is_moved(recorded) then
      raise exception using
        errcode = '55000',
        constraint = 'place',
        message = 'The events of this database belong to another one',
        detail = 'This database was copied, restored or upgraded since the events were set up. Delivering from here could notify receivers twice.',
        hint = 'To deliver from here, run: select postern.set_event_enabled(event, true) for each event. What happened before that is not delivered.';
    end if;
    perform postern_internal.require_timeline(recorded.timeline, here.timeline, null, 'postern event run', 'docs/events.md, Copies and failover');
  end if;
  if postern_internal.event_is_waiting(action_id) then
    perform postern_internal.queue_event_deliveries(action_id);
  end if;
  moment := clock_timestamp();  -- what was queued just now is due
  for claimed in
    select d.log_id
      from postern_internal.event_delivery as d
     where d.event_action_id = action_id
       and d.state = 'pending'
       and d.due_at between due_from and moment
       and d.leased_until <= moment
       and exists (select
                     from postern_internal.event_action as a
                     join postern_internal.event as e on e.event = a.event
                    where a.event_action_id = action_id and a.disabled_at is null and e.enabled)
     order by d.due_at
     limit maximum
       for update skip locked
  loop
    update postern_internal.event_delivery as d
       set leased_until = moment + make_interval(secs => lease_seconds), lease = claim_event_deliveries.lease, attempts = d.attempts + 1
     where d.event_action_id = action_id
       and d.log_id = claimed.log_id
    returning d.log_id, d.delivery_id, d.attempts, d.due_at into claimed;
    return next jsonb_build_object('delivery_id', claimed.delivery_id, 'attempts', claimed.attempts, 'due_at', claimed.due_at)
                || postern_internal.event_document(claimed.log_id);
  end loop;
end
$$;


ALTER FUNCTION postern.claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone) OWNER TO postern_owner;

--
-- Name: FUNCTION claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone) IS 'Claims what an action has to deliver now. For the worker. name: of the action. maximum: how many, 1 to 10000. lease: a new uuid, to be passed again with the outcome. lease_seconds: 1 to 3600, after which others may claim the deliveries. due_from: the due_at of the last claimed delivery, to continue from there; deliveries that became free before it are left to workers that start at the front. Returns one JSON object per delivery, with the parameters of the event. Errors: PS107 argument, 55000 the database is a copy, restored, or on another timeline.';


--
-- Name: company_is_indexed(regclass); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.company_is_indexed(target regclass) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  relation constant oid := target::oid;
  company constant integer := (
    select d.refobjsubid
      from pg_depend as d
     where d.classid = 'pg_policy'::regclass::oid
       and d.objid = (select p.oid from pg_policy as p where p.polrelid = relation and p.polname = 'postern_company')
       and d.refclassid = 'pg_class'::regclass::oid
       and d.refobjid = relation
       and d.refobjsubid > 0
     limit 1);
begin
  return exists (
    select
      from pg_index as i
     where i.indrelid = relation
       and i.indkey[0] = company
       and i.indisvalid
       and i.indpred is null
       and pg_index_column_has_property(i.indexrelid, 1, 'search_array'));
end
$$;


ALTER FUNCTION postern.company_is_indexed(target regclass) OWNER TO postern_owner;

--
-- Name: FUNCTION company_is_indexed(target regclass); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.company_is_indexed(target regclass) IS 'For the policies of protect_company: whether target has an index that begins with the company column and can find the rows of several companies.';


--
-- Name: compile_authority_maps(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.compile_authority_maps() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  class record;
  open_block bigint;
  written bigint;
  total bigint := 0::bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  for class in select c.class_id, c.company from postern_internal.authority_class as c order by c.class_id loop
    -- A class with nothing to add is not locked, so nobody who changes its rules waits for this.
    if not exists (select from postern_internal.stale_block(class.class_id, class.company)) then
      continue;
    end if;
    perform postern_internal.begin_class_change(class.class_id);
    insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
    select class.class_id, s.first_id, s.ids, postern_internal.merge_tail(class.class_id, class.company, s.first_id, s.size, s.compiled_offset, s.bits)
      from postern_internal.stale_block(class.class_id, class.company) as s
    on conflict on constraint authority_map_pkey do update
       set compiled_offset = excluded.compiled_offset, bits = excluded.bits;
    get diagnostics written = row_count;
    total := total + written;
  end loop;

  -- Skips blocks that somebody is using, so nobody waits. A transaction that locks a block and then looks sees all its
  -- ids, unless its snapshot is older: then it leaves the counting to another transaction.
  if current_setting('transaction_isolation') = 'read committed' then
    for open_block in
      select b.first_id
        from postern_internal.combination_block as b
       where not b.counted and b.company is not null
       order by b.first_id
         for no key update skip locked
    loop
      update postern_internal.combination_block as b
         set given = (select n from postern_internal.block_ids(b.company, b.first_id, b.size, b.given, b.counted) as n), counted = true
       where b.first_id = open_block;
    end loop;
  end if;
  return total;
end
$$;


ALTER FUNCTION postern.compile_authority_maps() OWNER TO postern_owner;

--
-- Name: FUNCTION compile_authority_maps(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.compile_authority_maps() IS 'Compiles the posting combinations that were created after the last change of each class; until then every query evaluates them. At READ COMMITTED it also counts the ids of blocks, so that queries need not look for newer ones. Call it after many were created, or now and then. Returns how many chunks of maps were written. Affects only speed.';


--
-- Name: conditions_once_a_query(oid, oid[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.conditions_once_a_query(policy oid, functions oid[]) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET quote_all_identifiers TO 'off'
    AS $$
declare
  is_check boolean;
  condition text;
  rewritten text;
  called text;
  written text := '';
  changed boolean := false;
begin
  foreach is_check in array array[false, true] loop
    condition := postern.policy_condition(policy, is_check);
    continue when condition is null;
    -- A string may look like a call.
    if regexp_replace(condition, '''([^'']|'''')*''', '', 'g') ~ '''' or condition ~ E'''[^'']*\\(' then
      return null;
    end if;
    rewritten := condition;
    for called in
      select format('%I.%I', n.nspname, p.proname)
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
       where p.oid = any (functions) and p.pronargs = 0
       order by 1
    loop
      rewritten := replace(rewritten, called || '()', '(select ' || called || '())');
    end loop;
    rewritten := regexp_replace(rewritten, E'\\muser_finance_api\\.is_(?:user_)?authorized\\(((?:\\([a-z_][a-z0-9_]*\\)::text)|[a-z_][a-z0-9_]*)\\)',
                                E'(\\1 = any (array(select a.company from postern.user_finance_auth_pub a)))', 'g');
    if rewritten ~ E'\\mis_(user_)?authorized\\(' then
      return null;
    end if;
    changed := changed or rewritten <> condition;
    written := concat_ws(' ', nullif(written, ''), case when is_check then 'with check' else 'using' end, '(' || rewritten || ')');
  end loop;
  return case when changed then written end;
end
$$;


ALTER FUNCTION postern.conditions_once_a_query(policy oid, functions oid[]) OWNER TO postern_owner;

--
-- Name: FUNCTION conditions_once_a_query(policy oid, functions oid[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.conditions_once_a_query(policy oid, functions oid[]) IS 'For postern.doctor: USING and WITH CHECK of a policy, with each call of is_authorized(column), and of those functions that take no argument, put into a sub-select. NULL if a certain answer is impossible.';


--
-- Name: confirm_event_timeline(bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.confirm_event_timeline(timeline bigint DEFAULT NULL::bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  here postern_internal.place;
  waiting bigint;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  if pg_is_in_recovery() then
    return;  -- nothing can be claimed on a standby; PostgreSQL raises its own error
  end if;
  here := postern_internal.current_place();
  select min((a.place).timeline) into waiting
    from postern_internal.event_action as a
   where (a.place).timeline <> here.timeline
     and not postern_internal.is_moved(a.place);
  perform postern_internal.require_timeline(waiting, here.timeline, timeline, 'postern event run', 'docs/events.md, Copies and failover');
  if waiting is not null then
    update postern_internal.event_action as a
       set place = here
     where (a.place).timeline <> here.timeline
       and not postern_internal.is_moved(a.place);
  end if;
end
$$;


ALTER FUNCTION postern.confirm_event_timeline(timeline bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION confirm_event_timeline(timeline bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.confirm_event_timeline(timeline bigint) IS 'Makes events continue after a failover, with everything that waits. For the worker, which calls it regularly. timeline: from the worker''s own configuration; NULL: not set. Does nothing if events are delivered on this timeline already. Errors: 55000 they are delivered on another timeline and the argument does not name this one, or it names a later one.';


--
-- Name: create_authority_class(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_authority_class(company text, class text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  perform postern_internal.require_code(class, 'class');
  perform postern_internal.create_class(company, null, class, false);
end
$$;


ALTER FUNCTION postern.create_authority_class(company text, class text) OWNER TO postern_owner;

--
-- Name: FUNCTION create_authority_class(company text, class text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_authority_class(company text, class text) IS 'Adds an authority class to a company. It allows nothing until postern.add_authority_combination adds a rule. class: 1 to 20 characters. Errors: PS201 no such company, PS301 class exists or is not usable.';


--
-- Name: create_company(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_company(company text, name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(company, 'company', 36);
  perform postern_internal.require_text(name, 'name', 200);
  -- The type name holds 63 bytes, see ledger_companies.
  if company ~ '[[:cntrl:]]' or company <> btrim(company) or octet_length(company) > 63 then
    raise exception using
      errcode = 'PS107',
      message = 'The company is not usable',
      detail = format('company is %s.', to_jsonb(company)),
      hint = 'Use at most 63 bytes, without control characters and without a space at either end.';
  end if;
  insert into postern_internal.company (company, name) values (company, name) on conflict do nothing;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The company already exists',
      detail = format('company is %s.', to_jsonb(company)),
      hint = 'Choose an id that is not in postern.company.';
  end if;
  perform postern_internal.create_class(company, null, 'MAX', true);
end
$$;


ALTER FUNCTION postern.create_company(company text, name text) OWNER TO postern_owner;

--
-- Name: FUNCTION create_company(company text, name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_company(company text, name text) IS 'Adds a financial company, with the authority class MAX. company: 1 to 36 characters, as many as a uuid has. name: 1 to 200 characters. Errors: PS107 bad argument, company exists.';


--
-- Name: create_ledger(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_ledger(company text, ledger_id text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  perform postern_internal.require_code(ledger_id, 'ledger_id');
  insert into postern_internal.ledger (company, ledger_id) values (company, ledger_id) on conflict do nothing;
  if not found then
    raise exception using
      errcode = 'PS301',
      message = 'The internal ledger already exists',
      detail = format('company is %s, ledger_id is %s.', to_jsonb(company), to_jsonb(ledger_id)),
      hint = 'Choose an id that is not in postern.ledger.';
  end if;
  perform postern_internal.create_class(company, ledger_id, 'MAX', true);
end
$$;


ALTER FUNCTION postern.create_ledger(company text, ledger_id text) OWNER TO postern_owner;

--
-- Name: FUNCTION create_ledger(company text, ledger_id text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_ledger(company text, ledger_id text) IS 'Adds an internal ledger to a company. ledger_id: 1 to 20 characters. Errors: PS201 no such company, PS301 ledger exists or is not usable.';


--
-- Name: create_ledger_class(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_ledger_class(company text, ledger_id text, class text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  perform postern_internal.require_code(class, 'class');
  perform postern_internal.create_class(company, ledger_id, class, false);
end
$$;


ALTER FUNCTION postern.create_ledger_class(company text, ledger_id text, class text) OWNER TO postern_owner;

--
-- Name: FUNCTION create_ledger_class(company text, ledger_id text, class text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_ledger_class(company text, ledger_id text, class text) IS 'Adds an authority class to an internal ledger. It allows nothing until postern.add_ledger_combination adds a rule. class: 1 to 20 characters. Errors: PS201 no such company, PS301 no such ledger, class exists or is not usable.';


--
-- Name: create_log_partitions(bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_log_partitions(maximum_moved bigint DEFAULT 10000) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin', 'postern_sealer');
  return postern_internal.add_log_partitions(maximum_moved, interval '2 seconds');
end
$$;


ALTER FUNCTION postern.create_log_partitions(maximum_moved bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION create_log_partitions(maximum_moved bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_log_partitions(maximum_moved bigint) IS 'Creates missing partitions of the log for this month and the next three (UTC), and for months whose entries are in the default partition. Those entries are moved, while checkpoints wait, if the month has at most maximum_moved of them; NULL: any number. The installer, "log seal" and "log drop" call it; postern.maintain does the same work. Returns how many were created. Errors: 55000 a table with the name of a partition exists, 55P03 the log is in use.';


--
-- Name: create_session_key(text, bytea); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_session_key(kid text, secret bytea) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET debug_print_plan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $_$
declare
  new_inner_pad bytea;
  new_outer_pad bytea;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(kid, 'kid', 128);
  if secret is null or length(secret) not between 32 and 1024 then
    raise exception using
      errcode = 'PS107',
      message = 'The secret of a session key must have 32 to 1024 bytes',
      detail = format('It has %s.', coalesce(length(secret)::text, 'none: it is NULL')),
      hint = 'Take 32 random bytes, for example with: postern session key create KID.';
  end if;
  -- Random bytes may also end with a line feed, but then the bytes before it are not all printable.
  if encode(secret, 'hex') ~ '^([2-6][0-9a-f]|7[0-9a-e])+(0d)?0a$' then
    raise exception using
      errcode = 'PS107',
      message = 'The secret of a session key must not be a line of text with its end',
      detail = 'Its last byte is a line feed, and all others are printable: it was read from a text file.',
      hint = 'Pass it without the line end, which programs that read the file leave out.';
  end if;
  new_inner_pad := postern_internal.hmac_pad(secret, 54);
  new_outer_pad := postern_internal.hmac_pad(secret, 92);
  insert into postern_internal.session_key (kid, inner_pad, outer_pad, system_identifier, database_oid, table_oid)
  select kid, new_inner_pad, new_outer_pad, c.system_identifier, d.oid, 'postern_internal.session_key'::regclass::oid
    from pg_control_system() as c
    join pg_database as d on d.datname = current_database()
  on conflict do nothing;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The session key already exists',
      detail = format('kid is %s.', to_jsonb(kid)),
      hint = 'Rotate keys under new ids: create the new one, switch the application, retire the old one. A kid is never used again.';
  end if;
end
$_$;


ALTER FUNCTION postern.create_session_key(kid text, secret bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION create_session_key(kid text, secret bytea); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_session_key(kid text, secret bytea) IS 'Adds a key that may sign session tokens. kid: its name in the header of the token. secret: 32 to 1024 random bytes; bind it as a parameter, so that it reaches no server log. Errors: PS107 bad or used kid, short secret, or a line of text that includes its line end.';


--
-- Name: create_user(text, text, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.create_user(userid text, description text, db_role name DEFAULT NULL::name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  new_folded text := postern_internal.fold_userid(userid);
  known text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(userid, 'userid', 128);
  perform postern_internal.require_text(description, 'description', 200);
  userid := normalize(userid, NFKC);
  if new_folded is null or length(userid) > 128 then
    raise exception using
      errcode = 'PS107',
      message = 'The user id is not usable',
      detail = format('userid is %s.', to_jsonb(userid)),
      hint = 'Use at most 128 letters, digits, signs and single inner spaces: no control, format, separator, invisible or unassigned characters, and no accent without a letter before it.';
  end if;
  perform postern_internal.require_db_role(db_role);
  insert into postern_internal.end_user (userid, folded, description, db_role)
  values (userid, new_folded, description, db_role)
  on conflict do nothing;
  if not found then
    select e.userid into known from postern_internal.end_user as e where e.folded = new_folded;
    raise exception using
      errcode = 'PS107',
      message = 'The user already exists, or the database role belongs to another user',
      detail = format('userid is %s, db_role is %s.', to_jsonb(userid), coalesce(quote_ident(db_role), 'NULL'))
               || coalesce(format(' There is %s, which is the same user id.', to_jsonb(known)), ''),
      hint = 'Choose a user id and a database role that are not in postern.user_account.';
  end if;
  insert into postern_internal.credential (userid) values (userid);
end
$$;


ALTER FUNCTION postern.create_user(userid text, description text, db_role name) OWNER TO postern_owner;

--
-- Name: FUNCTION create_user(userid text, description text, db_role name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.create_user(userid text, description text, db_role name) IS 'Adds an end user. userid: 1 to 128 characters, kept as NFKC; ids that differ only in case are the same. It has no control, format, separator, invisible or unassigned characters except single inner spaces, and no word that begins with a combining mark. description: 1 to 200 characters. db_role: the login role that is this user when no session is begun. The user has no PIN until postern.reset_pin sets one. Errors: PS107 bad argument, user exists, role unknown or taken.';


--
-- Name: current_companies(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.current_companies() RETURNS TABLE(company text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
declare
  current_user_id constant text := postern.current_userid();
begin
  return query select u.company from postern_internal.company_user as u where u.userid = current_user_id;
end
$$;


ALTER FUNCTION postern.current_companies() OWNER TO postern_owner;

--
-- Name: FUNCTION current_companies(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.current_companies() IS 'For policies: the companies of the current user. Errors: PS401, PS402.';


--
-- Name: current_company_numbers(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.current_company_numbers() RETURNS TABLE(company bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
  current_user_id constant text := postern.current_userid();
begin
  return query
    select n.company
      from postern_internal.company_user as u
     cross join lateral (
       select case when u.company ~ '^(0|-?[1-9][0-9]{0,18})$'
                   then case when u.company::numeric between -9223372036854775808 and 9223372036854775807 then u.company::bigint end
              end as company
     ) as n
     where u.userid = current_user_id and n.company is not null;
end
$_$;


ALTER FUNCTION postern.current_company_numbers() OWNER TO postern_owner;

--
-- Name: FUNCTION current_company_numbers(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.current_company_numbers() IS 'For policies: the companies of the current user whose code is the canonical text of a number, as numbers. Errors: PS401, PS402.';


--
-- Name: current_company_uuids(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.current_company_uuids() RETURNS TABLE(company uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
declare
  current_user_id constant text := postern.current_userid();
begin
  return query
    select n.company
      from postern_internal.company_user as u
     cross join lateral (
       select case when u.company ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then u.company::uuid end as company
     ) as n
     where u.userid = current_user_id and n.company is not null;
end
$_$;


ALTER FUNCTION postern.current_company_uuids() OWNER TO postern_owner;

--
-- Name: FUNCTION current_company_uuids(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.current_company_uuids() IS 'For policies: the companies of the current user whose code is the canonical text of a uuid, as uuids. Errors: PS401, PS402.';


--
-- Name: disable_gone_event_action(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.disable_gone_event_action(name text, target text, reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  perform postern_internal.require_event_action(name);
  update postern_internal.event_action as a
     set disabled_at = clock_timestamp(), disabled_reason = left(reason, 1000)
   where a.name = disable_gone_event_action.name
     and a.target = disable_gone_event_action.target
     and a.disabled_at is null;
  return found;
end
$$;


ALTER FUNCTION postern.disable_gone_event_action(name text, target text, reason text) OWNER TO postern_owner;

--
-- Name: FUNCTION disable_gone_event_action(name text, target text, reason text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.disable_gone_event_action(name text, target text, reason text) IS 'Disables an action whose receiver wants no more events, until postern.enable_event_action. What it has to deliver waits. For the worker. name: of the action. target: the receiver that refused; if the action has another target by now, nothing happens. reason: the receiver''s answer, cut to 1000 characters. Returns whether the action was enabled. Errors: PS107 there is no such action.';


--
-- Name: disallow_login(name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.disallow_login(db_role name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  delete from postern_internal.allowed_login as a where a.db_role = disallow_login.db_role;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'This login is not allowed',
      detail = format('db_role is %s.', coalesce(quote_ident(db_role), 'NULL')),
      hint = 'Choose one of the logins in postern.allowed_login. Superusers need no entry, so they cannot be disallowed.';
  end if;
end
$$;


ALTER FUNCTION postern.disallow_login(db_role name) OWNER TO postern_owner;

--
-- Name: FUNCTION disallow_login(db_role name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.disallow_login(db_role name) IS 'Undoes allow_login, for all statements that begin after the commit. A transaction that has already asserted a user continues as that user. db_role: may also be a role that no longer exists. Errors: PS107 it is not allowed, 42501 the caller''s login is not.';


--
-- Name: drop_log(timestamp with time zone, interval); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.drop_log(before timestamp with time zone, timeout interval DEFAULT '00:00:10'::interval) RETURNS TABLE(month text, first_leaf bigint, last_leaf bigint, reason text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO'
    AS $$
declare
  candidate record;
  doubts record;
  dropped regclass[] := array[]::regclass[];
  partition regclass;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if before is null or before > clock_timestamp() or timeout is null or timeout < interval '0' or timeout > interval '1 hour' then
    raise exception using
      errcode = 'PS107',
      message = 'The log cannot be dropped up to this time',
      detail = format('before is %s, timeout is %s.', coalesce(before::text, 'NULL'), coalesce(timeout::text, 'NULL')),
      hint = 'Pass a time that has passed, and an interval between 0 and 1 hour.';
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using
      errcode = '25001',
      message = 'This transaction cannot drop a part of the log',
      detail = format('It is %s and does not see what was written since it began.', current_setting('transaction_isolation')),
      hint = 'Drop in a READ COMMITTED transaction.';
  end if;
  -- Dropping is signed in the directories of the heads, as sealing is, so it needs the same place. It does not take the
  -- sealer's lock, which it would hold for long: a seal in the meantime can only record this same place.
  perform postern_internal.require_sealing_place(null, null);

  for candidate in
    select m.partition, m.since, m.until from postern_internal.log_months() as m where m.since < before
  loop
    month := to_char(candidate.since, 'YYYY-MM');
    first_leaf := null;
    last_leaf := null;
    reason := null;
    if candidate.until > before then
      reason := format('it ends on %s', candidate.until);
      return next;
      continue;
    end if;
    perform postern_internal.lock_log('share', timeout, candidate.partition);
    select count(*) filter (where coalesce(l.leaf_number >= h.tree_size, true)) as unsealed,
           count(*) filter (where l.log_id is not null and substring(l.hashes for 32) is distinct from postern_internal.leaf_hash(e)) as changed,
           count(*) filter (where not exists (select from postern_internal.log_export as x
                                               where e.logged_at >= x.since and e.logged_at < x.until and l.leaf_number < x.tree_size)) as unproven
      into doubts
      from postern_internal.checkpoint_entry as e
      left join postern_internal.leaf as l on l.log_id = e.log_id
     cross join (select max(t.tree_size) as tree_size from postern_internal.tree_head as t) as h
     where e.logged_at >= candidate.since
       and e.logged_at < candidate.until;
    if doubts.unsealed + doubts.changed + doubts.unproven > 0 then
      reason := concat_ws(', ', 'entries not under a signed head: ' || nullif(doubts.unsealed, 0),
                                'not exported with proofs: ' || nullif(doubts.unproven, 0),
                                'not what was sealed: ' || nullif(doubts.changed, 0));
      return next;
      continue;
    end if;
    dropped := dropped || candidate.partition;
    insert into postern_internal.log_drop (since, until) values (candidate.since, candidate.until);
    return query
      select drop_log.month, min(n.leaf_number), max(n.leaf_number), null::text
        from (select l.leaf_number, l.leaf_number - row_number() over (order by l.leaf_number) as island
                from postern_internal.checkpoint_entry as e
                join postern_internal.leaf as l on l.log_id = e.log_id
               where e.logged_at >= candidate.since
                 and e.logged_at < candidate.until) as n
       group by n.island
       order by 2;
    if not found then
      return next;
    end if;
  end loop;

  if cardinality(dropped) > 0 then
    perform postern_internal.lock_log('access exclusive', timeout, variadic
      array['postern_internal.checkpoint_entry', 'postern_internal.checkpoint_entry_default']::regclass[] || dropped);
    foreach partition in array dropped loop
      execute format('drop table %s', partition);
    end loop;
  end if;

  month := 'default';
  first_leaf := null;
  last_leaf := null;
  select format('entries in no month''s partition: %s', count(*))
    into reason
    from postern_internal.checkpoint_entry_default as e
   where e.logged_at < before
  having count(*) > 0;
  if found then
    return next;
  end if;
end
$$;


ALTER FUNCTION postern.drop_log(before timestamp with time zone, timeout interval) OWNER TO postern_owner;

--
-- Name: FUNCTION drop_log(before timestamp with time zone, timeout interval); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.drop_log(before timestamp with time zone, timeout interval) IS 'Drops the months (UTC) of the log that end by before. A month is dropped only if all its entries are sealed, exported with their proofs, and unchanged. The leaves stay, so proofs stay valid. timeout: for how long to try while others use the log, up to 1 hour. Returns the ranges of leaves of each dropped month, NULLs if it was empty; for a month that stays, the reason. Call it through "postern log drop", which signs what was dropped; otherwise "log verify" reports the entries as missing. Errors: PS107 argument, 25001 the transaction is not READ COMMITTED, 55000 the log was sealed in another place, 55P03 the log is in use.';


--
-- Name: enable_event_action(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.enable_event_action(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_event_action(name);
  update postern_internal.event_action as a
     set disabled_at = null, disabled_reason = null
   where a.name = enable_event_action.name;
end
$$;


ALTER FUNCTION postern.enable_event_action(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION enable_event_action(name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.enable_event_action(name text) IS 'Enables an action that was disabled because its receiver wanted no more events. It delivers everything that has waited and happened since. name: of the action. Errors: PS107 there is no such action.';


--
-- Name: end_sealing(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.end_sealing() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  sealed_before pg_snapshot;
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if current_setting('transaction_isolation') <> 'repeatable read' then
    raise exception using
      errcode = '25001',
      message = 'Sealing needs one snapshot',
      detail = format('The transaction is %s.', current_setting('transaction_isolation')),
      hint = 'Seal with "postern log seal".';
  end if;
  -- From here on an entry without a leaf counts as one that was added later, and never gets one. As in
  -- open_unsealed_records, the plan of a scalar subquery is always an index look-up.
  perform from postern_internal.sealing for update nowait;
  select u.snapshot into sealed_before from postern.sealed_until() as u;
  if exists (select from postern_internal.own_entry)
     or exists (select
                  from postern_internal.checkpoint_entry as e
                 where e.transaction_id >= coalesce(pg_snapshot_xmax(sealed_before), '0')
                   and (select l.log_id from postern_internal.leaf as l where l.log_id = e.log_id) is null)
     or exists (select
                  from postern_internal.checkpoint_entry as e
                 where e.transaction_id = any (array(select pg_snapshot_xip(sealed_before)))
                   and (select l.log_id from postern_internal.leaf as l where l.log_id = e.log_id) is null) then
    raise exception using
      errcode = '55000',
      message = 'The log is not sealed',
      detail = 'There are entries without a leaf, or this transaction has made some.',
      hint = 'Seal with "postern log seal", which appends the leaves of all of them first.';
  end if;
  update postern_internal.sealing as s
     set snapshot = pg_current_snapshot(),
         place = postern_internal.current_place();
end
$$;


ALTER FUNCTION postern.end_sealing() OWNER TO postern_owner;

--
-- Name: FUNCTION end_sealing(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.end_sealing() IS 'Records that all entries that this transaction sees have a leaf now. Errors: 25001 the transaction is not REPEATABLE READ, 55000 an entry has none, 55P03 another session is sealing, 42501 this database does not allow the login.';


--
-- Name: explain_access(text, text, numeric, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.explain_access(userid text, company text, posting_combination_id numeric, ledger_id text DEFAULT NULL::text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text) RETURNS record
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  access record;
  codes text[];
  rule record;
begin
  allowed := false;
  userid := postern.resolve_userid(userid);
  if not exists (select from postern_internal.end_user as e where e.userid = explain_access.userid) then
    reason := 'There is no such user.';
    return;
  elsif not exists (select from postern_internal.company as c where c.company = explain_access.company) then
    reason := 'There is no such company.';
    return;
  elsif not postern.is_company_user(company, userid) then
    reason := 'The user is not a user of the company.';
    return;
  end if;
  if ledger_id is null then
    select u.class_id, c.row_level_security
      into access
      from postern_internal.company_user as u
      join postern_internal.company as c on c.company = u.company
     where u.userid = explain_access.userid and u.company = explain_access.company;
  else
    select u.class_id, c.row_level_security
      into access
      from postern_internal.ledger_user as u
      join postern_internal.company as c on c.company = u.company
     where u.userid = explain_access.userid and u.company = explain_access.company and u.ledger_id = explain_access.ledger_id;
    if not found then
      reason := case when exists (select from postern_internal.ledger as l
                                   where l.company = explain_access.company and l.ledger_id = explain_access.ledger_id)
                     then 'The user is not connected to the internal ledger.'
                     else 'There is no such internal ledger in the company.' end;
      return;
    end if;
  end if;
  select c.class into class from postern_internal.authority_class as c where c.class_id = access.class_id;

  select array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
    into codes
    from postern.posting_combination as p
   where p.company = explain_access.company
     and p.posting_combination_id = postern_internal.combination_id(explain_access.posting_combination_id);
  if not found then
    reason := 'The company has no such posting combination.';
    return;
  elsif not access.row_level_security then
    allowed := true;
    reason := 'Row level security is switched off in the company.';
    return;
  elsif access.class_id is null then
    allowed := ledger_id is not null;
    reason := case when allowed then 'The user is connected to the internal ledger, and no class narrows that.'
                                else 'The user has no authority class in the company.' end;
    return;
  end if;

  select r.combination_id, r.allowed
    into rule
    from postern_internal.authority_combination as r
   where r.class_id = access.class_id and postern_internal.rule_matches(codes, r.patterns)
   order by r.allowed, r.combination_id
   limit 1;
  if found then
    allowed := rule.allowed;
    combination_id := rule.combination_id;
    reason := case when allowed then 'A combination of the class allows it, and none says that it is not allowed.'
                                else 'A combination of the class says that it is not allowed.' end;
    -- All patterns of a rule match; the first one that is not % says most about it.
    select p.part, p.pattern, p.code
      into code_part, pattern, value
      from (select substr('ABCDEFGHIJ', p.part::integer, 1) as part, p.pattern, p.code
              from postern_internal.authority_combination as r
             cross join lateral unnest(codes, r.patterns) with ordinality as p (code, pattern, part)
             where r.combination_id = rule.combination_id
             order by p.pattern ~ '^%+$', p.part
             limit 1) as p;
    return;
  end if;

  reason := 'No combination of the class allows it.';
  -- The rule that came nearest, and the first code part that did not match.
  select p.combination_id, p.part, p.pattern, p.code
    into combination_id, code_part, pattern, value
    from (select r.combination_id, substr('ABCDEFGHIJ', p.part::integer, 1) as part, p.pattern, p.code,
                 count(*) over (partition by r.combination_id) as failed
            from postern_internal.authority_combination as r
           cross join lateral unnest(codes, r.patterns) with ordinality as p (code, pattern, part)
           where r.class_id = access.class_id and r.allowed and not postern_internal.code_matches(p.code, p.pattern)) as p
   order by p.failed, p.combination_id, p.part
   limit 1;
end
$_$;


ALTER FUNCTION postern.explain_access(userid text, company text, posting_combination_id numeric, ledger_id text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text) OWNER TO postern_owner;

--
-- Name: FUNCTION explain_access(userid text, company text, posting_combination_id numeric, ledger_id text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.explain_access(userid text, company text, posting_combination_id numeric, ledger_id text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text) IS 'Why a user may or may not see rows with a posting combination: one row with the verdict, the reason in words and the user''s class. If a rule decided (or, when none allows it, came nearest), also its id, the code part that tells, the rule''s pattern there and the code (NULL: blank). ledger_id: in that internal ledger; NULL: in the general ledger. Users, companies and ids that do not exist are a reason too, not an error.';


--
-- Name: finding_detail(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.finding_detail(detail text, code text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (((detail || ' See docs/doctor/'::text) || code) || '.md.'::text);


ALTER FUNCTION postern.finding_detail(detail text, code text) OWNER TO postern_owner;

--
-- Name: FUNCTION finding_detail(detail text, code text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.finding_detail(detail text, code text) IS 'For postern.doctor: detail, followed by where the check is explained.';


--
-- Name: finish_event_deliveries(text, uuid, bigint[], text[], double precision[], text[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  action_id integer;
  moment timestamptz := clock_timestamp();
  maximum integer := postern_internal.setting_integer('event_attempts');
  finished bigint := 0::bigint;
  ended record;
begin
  perform postern_internal.require_allowed_login('postern_event_worker');
  action_id := postern_internal.require_event_action(name);
  if exists (select from unnest(outcomes) as o where o is null or o not in ('delivered', 'skipped', 'failed', 'dead', 'released'))
     or exists (select from unnest(delays) as s where s is null or not s between 0 and 86400) then
    raise exception using
      errcode = 'PS107',
      message = 'A delivery cannot end this way',
      detail = format('outcomes are %s, delays are %s.', left(outcomes::text, 500), left(delays::text, 500)),
      hint = 'Pass an outcome of delivered, skipped, failed, dead or released, and a delay of 0 to 86400 seconds.';
  end if;
  -- A worker whose lease has ended is ignored: another one may have claimed the delivery.
  for ended in select * from unnest(log_ids, outcomes, delays, errors) as r (log_id, outcome, delay, error) loop
    update postern_internal.event_delivery as d
       set state = case when ended.outcome in ('delivered', 'skipped', 'dead') then ended.outcome::postern_internal.delivery_state
                        when ended.outcome = 'failed' and d.attempts >= maximum then 'dead'
                        else 'pending' end,
           finished_at = case when ended.outcome in ('delivered', 'skipped', 'dead') or ended.outcome = 'failed' and d.attempts >= maximum then moment end,
           attempts = d.attempts - case when ended.outcome = 'released' then 1 else 0 end,
           due_at = case when ended.outcome = 'failed' then moment + make_interval(secs => ended.delay) else d.due_at end,
           leased_until = '-infinity',
           lease = null,
           last_error = left(coalesce(nullif(ended.error, ''), d.last_error), 1000)
     where d.event_action_id = action_id
       and d.log_id = ended.log_id
       and d.lease = finish_event_deliveries.lease
       and d.state::text = 'pending';
    if found then
      finished := finished + 1;
    end if;
  end loop;
  return finished;
end
$$;


ALTER FUNCTION postern.finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]) IS 'Records the outcomes of deliveries that were claimed with this lease. For the worker. outcomes: delivered; skipped, the condition did not hold; failed, to be tried again after delays seconds, or dead after event_attempts attempts; dead; released, not tried. errors: the reason, cut to 1000 characters each, or empty. Returns how many were still leased. Errors: PS107 argument.';


--
-- Name: functions_per_row(oid); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.functions_per_row(policy oid) RETURNS TABLE(function oid, takes_column boolean)
    LANGUAGE plpgsql STABLE ROWS 5
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  token text;
  level integer := 0;        -- of braces
  queries integer := 0;      -- sub-selects around the token
  sublink integer;           -- the level of the outermost sub-select
  depends boolean;           -- on a column of the policy's table: then it runs for each row after all
  nodes text[] := array[]::text[];  -- what each level is
  functions oid[] := array[]::oid[];  -- and which function it calls
  columns boolean[] := array[]::boolean[]; -- with a column of the policy's table among its arguments
  waiting oid[] := array[]::oid[];  -- functions within the outermost sub-select
  waiting_columns boolean[] := array[]::boolean[];
begin
  for token in
    select t.match[1]
      from pg_policy as p
     cross join lateral unnest(array[p.polqual::text, p.polwithcheck::text]) as tree
     -- A backslash takes the meaning from what follows it: first of all, so that it is passed over.
     cross join lateral regexp_matches(tree, E'(\\\\.|\\{[A-Z_]*|\\}|:funcid \\d+|:varlevelsup \\d+)', 'g') as t (match)
     where p.oid = policy
  loop
    case
      when token like '{%' then
        level := level + 1;
        nodes[level] := token;
        functions[level] := null;
        columns[level] := false;
        if token = '{QUERY' then
          queries := queries + 1;
        elsif token = '{SUBLINK' and sublink is null then
          sublink := level;
          depends := false;
          waiting := array[]::oid[];
          waiting_columns := array[]::boolean[];
        end if;
      when token like ':funcid%' then
        if nodes[level] = '{FUNCEXPR' then
          functions[level] := split_part(token, ' ', 2)::oid;
        end if;
      when token like ':varlevelsup%' then
        if nodes[level] = '{VAR' and split_part(token, ' ', 2)::integer = queries then
          columns := array_fill(true, array[level]);
          depends := depends or queries > 0;
        end if;
      when token = '}' then
        if functions[level] is not null then
          if sublink is null then
            function := functions[level];
            takes_column := columns[level];
            return next;
          else
            waiting := waiting || functions[level];
            waiting_columns := waiting_columns || columns[level];
          end if;
        end if;
        if nodes[level] = '{QUERY' then
          queries := queries - 1;
        elsif level = sublink then
          sublink := null;
          if depends then
            return query select w.f, w.c from unnest(waiting, waiting_columns) as w (f, c);
          end if;
        end if;
        level := level - 1;
      else
        null;
    end case;
  end loop;
end
$$;


ALTER FUNCTION postern.functions_per_row(policy oid) OWNER TO postern_owner;

--
-- Name: FUNCTION functions_per_row(policy oid); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.functions_per_row(policy oid) IS 'For postern.doctor: the functions that a policy calls for each row, and whether they get a column of it. A sub-select that uses no column of the row runs once per query, so its calls are not listed.';


--
-- Name: ledger_key_is_valid(regclass); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ledger_key_is_valid(target regclass) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  relation constant oid := target::oid;
  columns constant smallint[] := array(
    select d.refobjsubid::smallint
      from pg_depend as d
     where d.classid = 'pg_policy'::regclass::oid
       and d.objid = (select p.oid from pg_policy as p where p.polrelid = relation and p.polname = 'postern_ledger')
       and d.refclassid = 'pg_class'::regclass::oid
       and d.refobjid = relation
       and d.refobjsubid > 0);
  nullable constant smallint[] := array(select a.attnum from pg_attribute as a where a.attrelid = relation and a.attnum > 0 and not a.attnotnull);
begin
  -- Inheriting tables, unlike partitions, do not have the key.
  if (select c.relhassubclass and c.relkind <> 'p' from pg_class as c where c.oid = relation) then
    if exists (select from pg_inherits as i where i.inhparent = relation) then
      return false;
    end if;
  end if;
  return exists (
    select
      from pg_constraint as k
     where k.conrelid = relation
       and k.contype = 'f'
       and k.confrelid = 'postern.posting_combination'::regclass::oid
       and k.convalidated
       and not k.condeferrable
       and cardinality(k.conkey) = 2
       and k.conkey[1] = any (columns)
       and k.conkey[2] = any (columns)
       -- If one column may be NULL, MATCH SIMPLE does not check the other one.
       and (k.confmatchtype = 'f' or k.conkey[1] <> all (nullable) and k.conkey[2] <> all (nullable)));
end
$$;


ALTER FUNCTION postern.ledger_key_is_valid(target regclass) OWNER TO postern_owner;

--
-- Name: FUNCTION ledger_key_is_valid(target regclass); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ledger_key_is_valid(target regclass) IS 'For the policies of protect_ledger: whether a validated foreign key ties the company of each row of target to its posting combination.';


--
-- Name: log_gaps(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.log_gaps() RETURNS TABLE(month timestamp with time zone, entries bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
begin
  return query
    select m.month, (select count(*) from postern_internal.checkpoint_entry_default as e where e.logged_at >= m.month and e.logged_at < m.month + interval '1 month')
      from postern_internal.missing_log_months(null) as m (month);
end
$$;


ALTER FUNCTION postern.log_gaps() OWNER TO postern_owner;

--
-- Name: FUNCTION log_gaps(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.log_gaps() IS 'For postern.doctor: the months (UTC) that lack a partition of the log, as create_log_partitions would create them, with the number of their entries in the default partition.';


--
-- Name: look_alike_users(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.look_alike_users() RETURNS TABLE(userid text, older text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
begin
  return query
    with looks as (
      select array_agg(u.userid order by u.created_at, u.userid) as userids
        from postern_internal.end_user as u
       cross join (values (true), (false)) as w (as_written)
       where u.active
       group by w.as_written, postern.user_skeleton(u.userid, w.as_written)
      having count(*) > 1
    )
    select distinct r.userid, l.userids[1]
      from looks as l
     cross join lateral unnest(l.userids[2:]) as r (userid);
end
$$;


ALTER FUNCTION postern.look_alike_users() OWNER TO postern_owner;

--
-- Name: FUNCTION look_alike_users(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.look_alike_users() IS 'For postern.doctor: active users whose ids differ but look alike, by postern.user_skeleton, each with the oldest user that it looks like.';


--
-- Name: policy_condition(oid, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.policy_condition(policy oid, is_check boolean) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET quote_all_identifiers TO 'off'
    AS $$
begin
  return (select pg_get_expr(case when is_check then p.polwithcheck else p.polqual end, p.polrelid)
            from pg_policy as p
           where p.oid = policy);
end
$$;


ALTER FUNCTION postern.policy_condition(policy oid, is_check boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION policy_condition(policy oid, is_check boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.policy_condition(policy oid, is_check boolean) IS 'For postern.doctor: the USING condition of a policy, or with is_check its WITH CHECK condition, with qualified names. NULL if there is none.';


--
-- Name: printable_statement(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.printable_statement(statement text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  unprintable constant text := case when getdatabaseencoding() = 'UTF8'
                                    then E'[\\u0001-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]'
                                    else E'[\\u0001-\\u001f\\u007f]' end;
  piece text;
  character text;
  written text := '';
begin
  if statement is null or statement !~ unprintable then
    return statement;
  end if;
  -- Quoted names, strings, and the text between them, which contains no such character.
  for piece in
    select p.match[1] from regexp_matches(statement, '("(?:[^"]|"")*"|E?''(?:[^'']|'''')*''|[^"''E]+|E)', 'g') with ordinality as p (match, position) order by p.position
  loop
    if piece !~ unprintable or left(piece, 1) not in ('"', '''', 'E') then
      written := written || piece;
      continue;
    end if;
    if left(piece, 1) = '"' then
      piece := 'U&' || replace(piece, E'\\', E'\\\\');
    elsif left(piece, 1) = '''' then
      piece := 'E' || piece;
    end if;
    for character in select distinct m.match[1] from regexp_matches(piece, '(' || unprintable || ')', 'g') as m (match) loop
      piece := replace(piece, character, case when left(piece, 1) = 'U' then E'\\' else E'\\u' end || lpad(to_hex(ascii(character)), 4, '0'));
    end loop;
    written := written || piece;
  end loop;
  return written;
end
$$;


ALTER FUNCTION postern.printable_statement(statement text) OWNER TO postern_owner;

--
-- Name: FUNCTION printable_statement(statement text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.printable_statement(statement text) IS 'For postern.doctor: statement with control characters and the like in its quoted names and strings written as escapes.';


--
-- Name: protectable_types(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.protectable_types(argument text) RETURNS regtype[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE argument WHEN 'company_column'::text THEN ARRAY['text'::regtype, 'character varying'::regtype, 'character'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'uuid'::regtype] WHEN 'combination_column'::text THEN ARRAY['bigint'::regtype, 'integer'::regtype, 'numeric'::regtype] WHEN 'ledger_column'::text THEN ARRAY['text'::regtype, 'character varying'::regtype] ELSE NULL::regtype[] END;


ALTER FUNCTION postern.protectable_types(argument text) OWNER TO postern_owner;

--
-- Name: FUNCTION protectable_types(argument text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.protectable_types(argument text) IS 'For protect_... and doctor: the types, and domains over them, that a column of a protected table may have. argument: company_column, combination_column or ledger_column. NULL for any other.';


--
-- Name: protection_condition(regclass, text, name, name, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) RETURNS record
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET quote_all_identifiers TO 'off'
    AS $_$
declare
  fraction text;
  company_type regtype;
  company text;
  companies text;
  by_map text;
begin
  if company_column is null or protection = 'ledger' and combination_column is null or protection not in ('company', 'ledger') then
    return;
  end if;
  -- A domain is written with the output function of its base type.
  select b.oid::regtype
    into company_type
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    join pg_type as b on b.typoutput = t.typoutput and b.oid = any (postern.protectable_types('company_column')::oid[])
   where a.attrelid = relation and a.attname = company_column;
  -- The compared value has the type of the column, so that an index on the column is usable. Codes are text. They are
  -- cast to that type if they are the canonical text of a value. Lengths are dropped: char(4) would make ABCD of the
  -- code ABCDE.
  if protection = 'company' then
    companies := case when company_type in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) then 'c.company from postern.current_company_numbers()'
                      when company_type = 'uuid'::regtype then 'c.company from postern.current_company_uuids()'
                      when company_type = 'bpchar'::regtype then 'c.company::bpchar from postern.current_companies()'
                      else 'c.company from postern.current_companies()' end;
    -- The planner keeps only one branch. An index can use an array. A hash costs each row one look-up, however many
    -- companies there are. It stays parallel only in this form, with nothing around the function.
    using_expression := format(
      'case when postern.company_is_indexed(%1$L::regclass)
            then %2$I = any (array(select %3$s c(company) where postern.require_user_role()))
            else %2$I in (select %3$s c(company) where postern.require_user_role()) end',
      relation, company_column, companies);
    check_expression := using_expression;
    return;
  end if;
  -- No index could serve the condition of a ledger. As text, a value is in its canonical form.
  company := format(case when company_type in ('text'::regtype, 'varchar'::regtype) then '%I' else '%I::text' end, company_column);

  -- A map is older than the combinations that the current statement creates: INSERT ... VALUES (...,
  -- posting_combination_id(...)). So for a row that the map does not show, a function is called, but only if there are
  -- new combinations.
  --
  -- CASE keeps two values away from get_bit: positions outside the map, for which it would raise an error, and
  -- fractions, which would be rounded to another row's id. The planner expects one row in 200 for "= 1", and would
  -- choose joins for so few. For "<> 0" it expects that most rows stay.
  fraction := case when exists (select from pg_attribute as a where a.attrelid = relation and a.attname = combination_column and a.atttypid in ('bigint'::regtype, 'integer'::regtype))
                   then '' else format(' and %I %% 1 = 0', combination_column) end;
  if ledger_column is null then
    by_map := format(
      'case when %1$I >= 1 and %1$I < (select postern.ledger_map_size() where postern.require_user_role())%3$s
                 and %2$s = (select postern.ledger_companies())[width_bucket(%1$I::double precision, (select postern.ledger_bounds()))] collate "C"
            then get_bit((select postern.ledger_map()), %1$I::bigint) <> 0
            else false end',
      combination_column, company, fraction);
    check_expression := by_map || format(' or (select postern.has_new_combinations()) and postern.is_new_combination_allowed(%s, %I)', company, combination_column);
    -- If the key is valid, the id is in the map and belongs to the company: a visible row then costs one test by one
    -- built-in function.
    using_expression := format(
      'case when postern.ledger_key_is_valid(%1$L::regclass)
            then get_bit((select postern.ledger_map() where postern.require_user_role()), %2$I::bigint) <> 0
                 or (select postern.has_new_combinations()) and postern.is_new_keyed_combination_allowed(%2$I)
            else %3$s end',
      relation, combination_column, check_expression);
  else
    -- An id of the company is in that company's part of the map. 2^53 is where double precision begins to round.
    check_expression := format(
      'case when %1$I >= 1 and %1$I <= 9007199254740992%4$s
                 and %2$s = (select postern.ledger_companies() where postern.require_user_role())[width_bucket(%1$I::double precision, (select postern.ledger_bounds()))] collate "C"
            then coalesce(get_bit((select postern.internal_ledger_map()),
                                  ((select postern.internal_ledger_offsets()) -> (%2$s || chr(31) || %3$I))::bigint
                                  + (select postern.ledger_shifts())[width_bucket(%1$I::double precision, (select postern.ledger_bounds()))]
                                  + %1$I::bigint) <> 0, false)
            else false end
       or (select postern.has_new_combinations()) and postern.is_new_ledger_combination_allowed(%2$s, %3$I, %1$I)',
      combination_column, company, ledger_column, fraction);
    using_expression := check_expression;
  end if;
end
$_$;


ALTER FUNCTION postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) OWNER TO postern_owner;

--
-- Name: FUNCTION protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) IS 'For protect_... and doctor: the conditions of the policy that protects relation, as SQL. protection: company or ledger; combination_column and ledger_column are for ledgers. NULL if there is no such protection, or a column is missing.';


--
-- Name: redundant_words(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.redundant_words(message text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(DISTINCT lower(r.word[1]), ', '::text) AS string_agg FROM regexp_matches(redundant_words.message, (((('(&(?:(?:current|session|fnd)_?)?user(?:_?(?:id|name|identity))?\M'::text || '|&(?:(?:current|log|sys|transaction)_?)?(?:date|time|date_?time|timestamp)\M|&(?:today|now)\M'::text) || '|\mby\s+(?:the\s+)?user\M'::text) || '|\mcheckpoints?\M(?!\s*[&0-9])|\m(?:re-?)?authenticat\w*'::text) || '|\m(?:pass|passed|enter|entered|gave|with|by)\s+(?:(?:the|a|an|his|her|their|own|right|correct)\s+)*(?:gates?|passwords?|pins?)\M(?!\s*[&0-9]))'::text), 'gi'::text) r(word));


ALTER FUNCTION postern.redundant_words(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION redundant_words(message text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.redundant_words(message text) IS 'For registrations and doctor: the words of a gate''s message that repeat what each log entry contains anyway; NULL if there are none. They are parameters named after the acting user or the moment, like &USER_ID and &SYSDATE, and words that say that a checkpoint was passed.';


--
-- Name: refuse_truncate(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception using
    errcode = '55000',
    message = format('%I.%I is protected and cannot be truncated', tg_table_schema, tg_table_name),
    detail = 'TRUNCATE would remove rows that the user may not see.',
    hint = 'Use DELETE, which removes the rows that the user may see. To empty the table, have its owner call postern.unprotect, truncate, and protect it again, in one transaction.';
end
$$;


ALTER FUNCTION postern.refuse_truncate() OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_truncate(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.refuse_truncate() IS 'Trigger of protected tables. Errors: 55000 always.';


--
-- Name: row_security_holes(integer); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.row_security_holes(server_version integer) RETURNS TABLE(cve text, fixed_in text, problem text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT h.cve,
     format('%s.%s'::text, (h.fixed / 10000), (h.fixed % 10000)) AS format,
     h.problem
    FROM ( VALUES ('CVE-2023-2454'::text,150003,'CREATE SCHEMA gets around a pinned search_path'::text), ('CVE-2023-2455'::text,150003,'an inlined function keeps the row security of another role'::text), ('CVE-2023-39418'::text,150004,'MERGE passes row security policies for UPDATE and SELECT'::text), ('CVE-2024-10976'::text,150009,'a plan made for one role shows rows to another one'::text), ('CVE-2024-10976'::text,160005,'a plan made for one role shows rows to another one'::text), ('CVE-2024-10976'::text,170001,'a plan made for one role shows rows to another one'::text), ('CVE-2024-10978'::text,150009,'SET ROLE goes back to the wrong role'::text), ('CVE-2024-10978'::text,160005,'SET ROLE goes back to the wrong role'::text), ('CVE-2024-10978'::text,170001,'SET ROLE goes back to the wrong role'::text), ('CVE-2025-8713'::text,150014,'statistics of a table tell values that row security hides'::text), ('CVE-2025-8713'::text,160010,'statistics of a table tell values that row security hides'::text), ('CVE-2025-8713'::text,170006,'statistics of a table tell values that row security hides'::text), ('CVE-2026-14666'::text,150019,'a cached plan outlives the change of a role that its row security depends on'::text), ('CVE-2026-14666'::text,160015,'a cached plan outlives the change of a role that its row security depends on'::text), ('CVE-2026-14666'::text,170011,'a cached plan outlives the change of a role that its row security depends on'::text), ('CVE-2026-14666'::text,180006,'a cached plan outlives the change of a role that its row security depends on'::text), ('CVE-2026-120154'::text,150020,'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'::text), ('CVE-2026-120154'::text,160016,'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'::text), ('CVE-2026-120154'::text,170012,'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'::text), ('CVE-2026-120154'::text,180007,'INSERT ... ON CONFLICT DO UPDATE reads rows that row security hides'::text)) h(cve, fixed, problem)
   WHERE (((h.fixed / 10000) = (row_security_holes.server_version / 10000)) AND (h.fixed > row_security_holes.server_version));
END;


ALTER FUNCTION postern.row_security_holes(server_version integer) OWNER TO postern_owner;

--
-- Name: FUNCTION row_security_holes(server_version integer); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.row_security_holes(server_version integer) IS 'For postern.doctor: the published holes of a server in row security, and in what Postern builds on. server_version: server_version_num, as 150018. No rows for NULL and for unknown versions.';


--
-- Name: same_condition(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.same_condition(stored text, wanted text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT (count(DISTINCT n.condition) = 1) FROM ((VALUES (COALESCE(same_condition.stored, ''::text)), (COALESCE(same_condition.wanted, ''::text))) c(condition) CROSS JOIN LATERAL (SELECT COALESCE(string_agg(CASE WHEN ((p."position" % (2)::bigint) = 0) THEN p.part ELSE lower(regexp_replace(replace(regexp_replace(p.part, '''(\d+)''::bigint'::text, '\1'::text, 'g'::text), '::double precision'::text, ''::text), '::(text|bigint|integer|smallint|uuid|bpchar|numeric|character varying)(?!\()|\mas [a-z_]+|[\s()]'::text, ''::text, 'gi'::text)) END, '"'::text ORDER BY p."position"), ''::text) AS condition FROM string_to_table(CASE WHEN (c.condition ~ '\mE'''::text) THEN replace(regexp_replace(c.condition, '\mE'''::text, ''''::text, 'g'::text), '\\'::text, '\'::text) ELSE c.condition END, '"'::text) WITH ORDINALITY p(part, "position")) n));


ALTER FUNCTION postern.same_condition(stored text, wanted text) OWNER TO postern_owner;

--
-- Name: FUNCTION same_condition(stored text, wanted text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.same_condition(stored text, wanted text) IS 'For postern.doctor: whether stored, the condition of a policy as PostgreSQL prints it, is the same condition as wanted.';


--
-- Name: server_finding(integer); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.server_finding(version integer) RETURNS TABLE(level text, object text, title text, detail text, fix text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT 'error'::text AS level,
     'server'::text AS object,
     'The server has published holes in row security'::text AS title,
     format('PostgreSQL %s.%s has: %s.'::text, (server_finding.version / 10000), (server_finding.version % 10000), string_agg((((h.cve || ' ('::text) || h.problem) || ')'::text), '; '::text ORDER BY h.cve)) AS detail,
     format('Install PostgreSQL %s or a later minor release, and restart.'::text, (array_agg(h.fixed_in ORDER BY (string_to_array(h.fixed_in, '.'::text))::integer[] DESC))[1]) AS fix
    FROM postern.row_security_holes(server_finding.version) h(cve, fixed_in, problem)
  HAVING (count(*) > 0);
END;


ALTER FUNCTION postern.server_finding(version integer) OWNER TO postern_owner;

--
-- Name: FUNCTION server_finding(version integer); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.server_finding(version integer) IS 'For postern.doctor: the finding for a server of this version. version: server_version_num, as 150018. No row for a version without a published hole.';


--
-- Name: unqueued_events(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  select count(*), min(w.logged_at)
    from postern_internal.event_action as a
    join postern_internal.event as v on v.event = a.event and v.enabled
   cross join lateral (
     select e.log_id, e.outcome, e.logged_at
       from postern_internal.checkpoint_entry as e
      where e.transaction_id = any (array(select pg_snapshot_xip(a.queued_to)))
      union all
    (select e.log_id, e.outcome, e.logged_at
       from postern_internal.checkpoint_entry as e
      where e.transaction_id >= pg_snapshot_xmax(a.queued_to)
      order by e.transaction_id
      limit 10000)
   ) as w
   where a.name = unqueued_events.name
     -- A copy of the database queues nothing, by design.
     and not postern_internal.is_moved(a.place)
     and w.outcome = v.outcome
     and w.log_id > a.after_log_id
$$;


ALTER FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) OWNER TO postern_owner;

--
-- Name: FUNCTION unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) IS 'How many entries of the log an action has to deliver that no worker has queued yet, among the 10000 oldest new ones, and when the first of them was logged. name: of the action. For postern.event_action, which counts them as pending, and postern.doctor.';


--
-- Name: waiting_upkeep(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.waiting_upkeep() RETURNS TABLE(duty text, waiting bigint, since timestamp with time zone)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  tickets_before constant timestamptz := postern_internal.tickets_kept_since();
  deliveries_before constant timestamptz := postern_internal.deliveries_kept_since();
begin
  return query
    select 'posting combinations', count(*), null::timestamptz
      from postern_internal.combination_block as b
     where b.company is not null and (not b.counted or b.folded < b.given)
     union all
    select 'expired tickets', count(*), min(t.expires_at)
      from (select o.expires_at from postern_internal.ticket as o where o.expires_at < tickets_before order by o.expires_at limit 100000) as t
     union all
    select 'event deliveries', count(*), min(d.finished_at)
      from (select o.finished_at
              from postern_internal.event_delivery as o
             where o.finished_at < deliveries_before and o.state <> 'dead'
             order by o.finished_at
             limit 100000) as d
     union all
    select 'log partitions', count(*), min(m)
      from postern_internal.missing_log_months(null) as m;
end
$$;


ALTER FUNCTION postern.waiting_upkeep() OWNER TO postern_owner;

--
-- Name: FUNCTION waiting_upkeep(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.waiting_upkeep() IS 'What postern.maintain would do, a row for each duty. waiting: blocks of posting combinations, tickets, deliveries (100000 at most are counted) or months. since: the moment of the oldest; NULL if it is not known.';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: posting_combination; Type: TABLE; Schema: postern; Owner: postern_owner
--

CREATE TABLE postern.posting_combination (
    company text NOT NULL,
    posting_combination_id bigint NOT NULL,
    code_a text NOT NULL COLLATE pg_catalog."C",
    code_b text COLLATE pg_catalog."C",
    code_c text COLLATE pg_catalog."C",
    code_d text COLLATE pg_catalog."C",
    code_e text COLLATE pg_catalog."C",
    code_f text COLLATE pg_catalog."C",
    code_g text COLLATE pg_catalog."C",
    code_h text COLLATE pg_catalog."C",
    code_i text COLLATE pg_catalog."C",
    code_j text COLLATE pg_catalog."C",
    CONSTRAINT posting_combination_code_a_check CHECK ((code_a <> ''::text)),
    CONSTRAINT posting_combination_code_b_check CHECK ((code_b <> ''::text)),
    CONSTRAINT posting_combination_code_c_check CHECK ((code_c <> ''::text)),
    CONSTRAINT posting_combination_code_d_check CHECK ((code_d <> ''::text)),
    CONSTRAINT posting_combination_code_e_check CHECK ((code_e <> ''::text)),
    CONSTRAINT posting_combination_code_f_check CHECK ((code_f <> ''::text)),
    CONSTRAINT posting_combination_code_g_check CHECK ((code_g <> ''::text)),
    CONSTRAINT posting_combination_code_h_check CHECK ((code_h <> ''::text)),
    CONSTRAINT posting_combination_code_i_check CHECK ((code_i <> ''::text)),
    CONSTRAINT posting_combination_code_j_check CHECK ((code_j <> ''::text))
);


ALTER TABLE postern.posting_combination OWNER TO postern_owner;

--
-- Name: TABLE posting_combination; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON TABLE postern.posting_combination IS 'The distinct code strings of each company, each with its id; a blank code part is NULL. Tables of the application may reference (company, posting_combination_id). postern.posting_combination_id adds rows; they are never changed or removed.';


--
-- Name: end_user; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.end_user (
    userid text NOT NULL,
    folded text NOT NULL,
    description text NOT NULL,
    db_role name,
    active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT end_user_userid_check CHECK (((userid <> ''::text) AND (length(userid) <= 128)))
);


ALTER TABLE postern_internal.end_user OWNER TO postern_owner;

--
-- Name: TABLE end_user; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.end_user IS 'People who work through the application. userid: in its original spelling, as NFKC. folded: the result of fold_userid, so that two ids cannot differ only in case. db_role maps a database login role to its end user.';


--
-- Name: role_membership; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.role_membership AS
 WITH RECURSIVE direct AS (
         SELECT m.member,
            m.roleid
           FROM (pg_auth_members m
             CROSS JOIN LATERAL to_jsonb(m.*) j(j))
          WHERE (COALESCE(((j.j ->> 'inherit_option'::text))::boolean, true) OR COALESCE(((j.j ->> 'set_option'::text))::boolean, true))
        ), reached(member, roleid, last_member) AS (
         SELECT d.member,
            d.roleid,
            d.member
           FROM direct d
        UNION
         SELECT r_1.member,
            d.roleid,
            d.member
           FROM (reached r_1
             JOIN direct d ON ((d.member = r_1.roleid)))
        )
 SELECT r.member,
    r.roleid,
    r.last_member
   FROM reached r;


ALTER TABLE postern_internal.role_membership OWNER TO postern_owner;

--
-- Name: VIEW role_membership; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.role_membership IS 'For postern.doctor: which role is a member of which, over any number of steps. last_member: the role to which roleid is granted directly.';


--
-- Name: application_login; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.application_login AS
 SELECT r.oid,
    r.rolname
   FROM pg_roles r
  WHERE (r.rolcanlogin AND (NOT r.rolsuper) AND ((EXISTS ( SELECT
           FROM postern_internal.role_membership m
          WHERE ((m.member = r.oid) AND (m.roleid = (to_regrole('postern_user'::text))::oid)))) OR (EXISTS ( SELECT
           FROM postern_internal.end_user e
          WHERE ((e.db_role = r.rolname) AND e.active)))));


ALTER TABLE postern_internal.application_login OWNER TO postern_owner;

--
-- Name: VIEW application_login; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.application_login IS 'For postern.doctor: login roles that work with Postern, as an application or as an end user.';


--
-- Name: admin_application; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.admin_application AS
 SELECT 'warn'::text AS level,
    'admin_application'::text AS code,
    ('role '::text || quote_ident((a.rolname)::text)) AS object,
    'An application is an administrator'::text AS title,
    'It can start sessions for end users and has postern_admin: an attacker who makes it send SQL can switch gates off, or give users new PINs.'::text AS detail,
    format('revoke postern_admin from %I;'::text, v.rolname) AS fix
   FROM ((postern_internal.application_login a
     JOIN postern_internal.role_membership m ON (((m.member = a.oid) AND (m.roleid = (to_regrole('postern_admin'::text))::oid))))
     JOIN pg_roles v ON ((v.oid = m.last_member)))
  WHERE (EXISTS ( SELECT
           FROM postern_internal.role_membership p
          WHERE ((p.member = a.oid) AND (p.roleid = (to_regrole('postern_app'::text))::oid))));


ALTER TABLE postern_internal.admin_application OWNER TO postern_owner;

--
-- Name: VIEW admin_application; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.admin_application IS 'Check of postern.doctor: roles that log in and are members of postern_admin and of postern_app.';


--
-- Name: all_data_role; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.all_data_role AS
 SELECT DISTINCT
        CASE
            WHEN (a.oid IS NULL) THEN 'warn'::text
            ELSE 'error'::text
        END AS level,
    'all_data_role'::text AS code,
    ('role '::text || quote_ident((r.rolname)::text)) AS object,
    'A login role reads or writes everything'::text AS title,
    format('It is a member of %s%s: %s.'::text, p.rolname,
        CASE
            WHEN (m.last_member <> r.oid) THEN (', by '::text || quote_ident((v.rolname)::text))
            ELSE ''::text
        END,
        CASE p.rolname
            WHEN 'pg_read_all_data'::name THEN 'it reads the keys of sessions and of PINs, and can speak for every user'::text
            WHEN 'pg_write_all_data'::name THEN 'it writes users, gates and settings without Postern''s checks'::text
            ELSE 'it can use the files and programs of the server, and thus everything'::text
        END) AS detail,
    format('revoke %I from %I;'::text, p.rolname, v.rolname) AS fix
   FROM ((((pg_roles r
     JOIN postern_internal.role_membership m ON ((m.member = r.oid)))
     JOIN pg_roles p ON ((p.oid = m.roleid)))
     JOIN pg_roles v ON ((v.oid = m.last_member)))
     LEFT JOIN postern_internal.application_login a ON ((a.oid = r.oid)))
  WHERE (r.rolcanlogin AND (NOT r.rolsuper) AND (p.rolname = ANY (ARRAY['pg_read_all_data'::name, 'pg_write_all_data'::name, 'pg_read_server_files'::name, 'pg_write_server_files'::name, 'pg_execute_server_program'::name])));


ALTER TABLE postern_internal.all_data_role OWNER TO postern_owner;

--
-- Name: VIEW all_data_role; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.all_data_role IS 'Check of postern.doctor: login roles that are members of a predefined role with access to all tables, or to the server''s files.';


--
-- Name: allowed_login; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.allowed_login (
    db_role name NOT NULL,
    role_oid oid NOT NULL,
    system_identifier bigint NOT NULL,
    allowed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    allowed_by name DEFAULT SESSION_USER NOT NULL
);


ALTER TABLE postern_internal.allowed_login OWNER TO postern_owner;

--
-- Name: TABLE allowed_login; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.allowed_login IS 'Logins that may use memberships of postern_trusted_app, postern_admin, postern_sealer and postern_event_worker in this database. role_oid: the role that had the name in the cluster with this system_identifier. A later role with the same name is a different one.';


--
-- Name: protected_table; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.protected_table (
    schema_name name NOT NULL,
    table_name name NOT NULL,
    protection text NOT NULL,
    company_column name NOT NULL,
    combination_column name,
    ledger_column name,
    protected_by name DEFAULT SESSION_USER NOT NULL,
    protected_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT protected_table_protection_check CHECK ((protection = ANY (ARRAY['company'::text, 'ledger'::text])))
);


ALTER TABLE postern_internal.protected_table OWNER TO postern_owner;

--
-- Name: TABLE protected_table; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.protected_table IS 'Tables of applications that protect_company and protect_ledger protect. By name, because an oid does not survive a dump. doctor compares the list with the existing policies.';


--
-- Name: protected_relation; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.protected_relation AS
 WITH RECURSIVE recorded AS MATERIALIZED (
         SELECT c_1.oid,
            p.protection,
            p.company_column,
            p.combination_column,
            p.ledger_column
           FROM ((postern_internal.protected_table p
             JOIN pg_namespace n ON ((n.nspname = p.schema_name)))
             JOIN pg_class c_1 ON (((c_1.relnamespace = n.oid) AND (c_1.relname = p.table_name))))
          WHERE ((c_1.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])) AND (NOT (EXISTS ( SELECT
                   FROM unnest(ARRAY[p.company_column, p.combination_column, p.ledger_column]) name(name)
                  WHERE ((name.name IS NOT NULL) AND (NOT (EXISTS ( SELECT
                           FROM pg_attribute a
                          WHERE ((a.attrelid = c_1.oid) AND (a.attname = name.name) AND (NOT a.attisdropped))))))))))
        ), above(recorded, relation) AS (
         SELECT r_1.oid,
            r_1.oid
           FROM recorded r_1
        UNION
         SELECT a.recorded,
            i_1.inhparent
           FROM (above a
             JOIN pg_inherits i_1 ON ((i_1.inhrelid = a.relation)))
        ), below(recorded, relation) AS (
         SELECT r_1.oid,
            r_1.oid
           FROM recorded r_1
        UNION
         SELECT b.recorded,
            i_1.inhrelid
           FROM (below b
             JOIN pg_inherits i_1 ON ((i_1.inhparent = b.relation)))
        ), top(recorded, relation) AS MATERIALIZED (
         SELECT a.recorded,
            min(a.relation) AS min
           FROM above a
          WHERE (NOT (EXISTS ( SELECT
                   FROM pg_inherits i_1
                  WHERE (i_1.inhrelid = a.relation))))
          GROUP BY a.recorded
        ), family AS MATERIALIZED (
         SELECT DISTINCT ON (f_1.relation) f_1.relation,
            f_1.recorded,
            f_1.place
           FROM ( SELECT a.recorded,
                    a.relation,
                        CASE
                            WHEN (a.relation = a.recorded) THEN 'itself'::text
                            ELSE 'above'::text
                        END AS place
                   FROM above a
                UNION ALL
                 SELECT b.recorded,
                    b.relation,
                    'below'::text AS place
                   FROM below b
                  WHERE (b.relation <> b.recorded)) f_1
          ORDER BY f_1.relation, (f_1.place = 'itself'::text) DESC, (f_1.place = 'below'::text) DESC, f_1.recorded
        )
 SELECT f.relation,
    f.place,
    f.recorded,
    r.protection,
    r.company_column,
    r.combination_column,
    r.ledger_column,
    (('postern_'::text || r.protection))::name AS policy,
    c.relowner,
    c.relrowsecurity,
    c.relforcerowsecurity,
    i.identity,
        CASE r.protection
            WHEN 'company'::text THEN format('select postern.protect_company(%L, %L);'::text, t.identity, r.company_column)
            ELSE format('select postern.protect_ledger(%L, %L, %L%s);'::text, t.identity, r.company_column, r.combination_column, (', '::text || quote_literal((r.ledger_column)::text)))
        END AS protect_again
   FROM (((((family f
     JOIN recorded r ON ((r.oid = f.recorded)))
     JOIN pg_class c ON ((c.oid = f.relation)))
     JOIN top ON ((top.recorded = f.recorded)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, f.relation, 0) i(type, schema, name, identity))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, top.relation, 0) t(type, schema, name, identity));


ALTER TABLE postern_internal.protected_relation OWNER TO postern_owner;

--
-- Name: VIEW protected_relation; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.protected_relation IS 'For postern.doctor: the tables in postern.protected_table, the tables below and above them by partitioning or inheritance, the policy that each of these must have, and the statement that repairs all of them.';


--
-- Name: application_owns_table; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.application_owns_table AS
 WITH guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        )
 SELECT 'warn'::text AS level,
    'application_owns_table'::text AS code,
    ('table '::text || p.identity) AS object,
    'An application may remove the protection'::text AS title,
    format('%s, which the application %s, owns the table: an attacker who makes the application send SQL may drop its policies.'::text, quote_ident((o.rolname)::text),
        CASE
            WHEN (a.names = quote_ident((o.rolname)::text)) THEN 'logs in as'::text
            ELSE (a.names || ' may become'::text)
        END) AS detail,
    format('As a superuser: give %s to a role that cannot log in (create role ... nologin; alter table %s owner to ...;), and grant %s what it needs.'::text, p.identity, p.identity, a.names) AS fix
   FROM ((guarded p
     JOIN pg_roles o ON ((o.oid = p.relowner)))
     CROSS JOIN LATERAL ( SELECT string_agg(quote_ident((l.rolname)::text), ', '::text ORDER BY l.rolname) AS names
           FROM postern_internal.application_login l
          WHERE (((l.oid = p.relowner) OR (EXISTS ( SELECT
                   FROM postern_internal.role_membership m
                  WHERE ((m.member = l.oid) AND (m.roleid = p.relowner))))) AND (EXISTS ( SELECT
                   FROM postern_internal.role_membership m
                  WHERE ((m.member = l.oid) AND (m.roleid = (to_regrole('postern_app'::text))::oid)))))) a)
  WHERE ((a.names IS NOT NULL) AND (p.place = 'itself'::text));


ALTER TABLE postern_internal.application_owns_table OWNER TO postern_owner;

--
-- Name: VIEW application_owns_table; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.application_owns_table IS 'Check of postern.doctor: protected tables owned by the role of an application, or by a role that it may become.';


--
-- Name: working_login; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.working_login AS
 SELECT a.oid,
    a.rolname
   FROM postern_internal.application_login a
UNION
 SELECT r.oid,
    r.rolname
   FROM ((pg_roles r
     JOIN postern_internal.role_membership m ON ((m.member = r.oid)))
     JOIN pg_roles p ON ((p.oid = m.roleid)))
  WHERE (r.rolcanlogin AND (p.rolname = ANY (ARRAY['postern_admin'::name, 'postern_auditor'::name, 'postern_sealer'::name, 'postern_event_worker'::name])));


ALTER TABLE postern_internal.working_login OWNER TO postern_owner;

--
-- Name: VIEW working_login; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.working_login IS 'For postern.doctor: login roles that work with Postern, as an application, an end user, an administrator, an auditor, a sealer or a worker.';


--
-- Name: application_setting; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.application_setting AS
 WITH names(name) AS (
         VALUES ('log_statement'::text), ('log_min_duration_statement'::text), ('log_min_duration_sample'::text), ('log_statement_sample_rate'::text), ('log_transaction_sample_rate'::text), ('log_parameter_max_length'::text), ('log_parameter_max_length_on_error'::text), ('debug_print_parse'::text), ('debug_print_rewritten'::text), ('debug_print_plan'::text), ('shared_preload_libraries'::text), ('session_preload_libraries'::text), ('local_preload_libraries'::text), ('auto_explain.log_min_duration'::text), ('auto_explain.sample_rate'::text), ('auto_explain.log_verbose'::text), ('auto_explain.log_parameter_max_length'::text), ('pgaudit.log'::text), ('pgaudit.log_parameter'::text), ('pg_stat_monitor.pgsm_normalized_query'::text)
        ), set_for AS (
         SELECT s.setrole AS role,
            s.setdatabase AS database,
            split_part(c.assignment, '='::text, 1) AS name,
            substr(c.assignment, (strpos(c.assignment, '='::text) + 1)) AS value
           FROM (pg_db_role_setting s
             CROSS JOIN LATERAL unnest(s.setconfig) c(assignment))
          WHERE (s.setdatabase = ANY (ARRAY[(0)::oid, ( SELECT d.oid
                   FROM pg_database d
                  WHERE (d.datname = current_database()))]))
        ), scopes(role, rolname) AS (
         SELECT (0)::oid AS oid,
            NULL::name AS name
        UNION
         SELECT l.oid,
            l.rolname
           FROM postern_internal.working_login l
          WHERE (EXISTS ( SELECT
                   FROM (set_for s
                     JOIN names n ON ((n.name = s.name)))
                  WHERE (s.role = l.oid)))
        )
 SELECT o.rolname,
        CASE
            WHEN (o.rolname IS NULL) THEN format('alter database %I'::text, current_database())
            ELSE format('alter role %I in database %I'::text, o.rolname, current_database())
        END AS alter,
    jsonb_object_agg(v.name, lower(v.value)) AS settings
   FROM (scopes o
     CROSS JOIN LATERAL ( SELECT n.name,
            COALESCE(( SELECT s.value
                   FROM set_for s
                  WHERE ((s.name = n.name) AND (s.role = ANY (ARRAY[(0)::oid, o.role])))
                  ORDER BY s.role DESC, s.database DESC
                 LIMIT 1), ( SELECT
                        CASE
                            WHEN (g.source = ANY (ARRAY['client'::text, 'user'::text, 'database user'::text])) THEN g.boot_val
                            ELSE g.reset_val
                        END AS reset_val
                   FROM pg_settings g
                  WHERE (g.name = n.name)),
                CASE
                    WHEN (n.name ~~ '%.%'::text) THEN NULLIF(current_setting(n.name, true), ''::text)
                    ELSE NULL::text
                END) AS value
           FROM names n) v)
  WHERE (v.value IS NOT NULL)
  GROUP BY o.role, o.rolname;


ALTER TABLE postern_internal.application_setting OWNER TO postern_owner;

--
-- Name: VIEW application_setting; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.application_setting IS 'For postern.doctor: the settings that decide what reaches the server''s log, for this database (rolname NULL) and for each role that works with Postern and has its own settings. alter: the beginning of a statement that changes them.';


--
-- Name: bypassing_membership; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.bypassing_membership AS
 SELECT DISTINCT 'error'::text AS level,
    'bypassing_membership'::text AS code,
    ('role '::text || quote_ident((a.rolname)::text)) AS object,
    'An application may become a role that bypasses row security'::text AS title,
    format('It may become %s, which is %s%s.'::text, quote_ident((b.rolname)::text),
        CASE
            WHEN b.rolsuper THEN 'a superuser'::text
            ELSE 'BYPASSRLS'::text
        END,
        CASE
            WHEN (m.last_member <> a.oid) THEN (', by '::text || quote_ident((v.rolname)::text))
            ELSE ''::text
        END) AS detail,
    format('revoke %I from %I;'::text, b.rolname, v.rolname) AS fix
   FROM (((postern_internal.application_login a
     JOIN postern_internal.role_membership m ON ((m.member = a.oid)))
     JOIN pg_roles b ON (((b.oid = m.roleid) AND (b.rolsuper OR b.rolbypassrls))))
     JOIN pg_roles v ON ((v.oid = m.last_member)));


ALTER TABLE postern_internal.bypassing_membership OWNER TO postern_owner;

--
-- Name: VIEW bypassing_membership; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.bypassing_membership IS 'Check of postern.doctor: roles of applications that are members of superusers or of roles with BYPASSRLS.';


--
-- Name: bypassing_role; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.bypassing_role AS
 SELECT
        CASE
            WHEN u.is_used THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'bypassing_role'::text AS code,
    ('role '::text || quote_ident((r.rolname)::text)) AS object,
    'A login role bypasses row security'::text AS title,
    format('It is %s%s.'::text,
        CASE
            WHEN r.rolsuper THEN 'a superuser'::text
            ELSE 'BYPASSRLS'::text
        END,
        CASE
            WHEN u.is_used THEN ', and works with Postern'::text
            ELSE ''::text
        END) AS detail,
    format('alter role %I%s%s;'::text, r.rolname,
        CASE
            WHEN r.rolsuper THEN ' nosuperuser'::text
            ELSE NULL::text
        END,
        CASE
            WHEN r.rolbypassrls THEN ' nobypassrls'::text
            ELSE NULL::text
        END) AS fix
   FROM (pg_roles r
     CROSS JOIN LATERAL ( SELECT ((EXISTS ( SELECT
                   FROM postern_internal.role_membership m
                  WHERE ((m.member = r.oid) AND (m.roleid = (to_regrole('postern_user'::text))::oid)))) OR (EXISTS ( SELECT
                   FROM postern_internal.end_user e
                  WHERE ((e.db_role = r.rolname) AND e.active)))) AS is_used) u)
  WHERE (r.rolcanlogin AND (r.rolsuper OR r.rolbypassrls) AND (r.oid <> (10)::oid));


ALTER TABLE postern_internal.bypassing_role OWNER TO postern_owner;

--
-- Name: VIEW bypassing_role; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.bypassing_role IS 'Check of postern.doctor: login roles that are superusers or have BYPASSRLS.';


--
-- Name: gate; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.gate (
    gate_id text NOT NULL,
    description text NOT NULL,
    message text NOT NULL,
    message_template text NOT NULL,
    parameters text[] NOT NULL,
    unbound_parameters text[] NOT NULL,
    active boolean NOT NULL,
    built_in boolean DEFAULT false NOT NULL,
    stops boolean DEFAULT true NOT NULL,
    exclusive boolean DEFAULT false NOT NULL,
    message_administered boolean DEFAULT false NOT NULL,
    active_administered boolean DEFAULT false NOT NULL,
    registered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT gate_check CHECK ((exclusive OR (NOT built_in)))
);


ALTER TABLE postern_internal.gate OWNER TO postern_owner;

--
-- Name: TABLE gate; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.gate IS 'Registered gates. What an administrator set (..._administered) survives the registration of an upgrade. An exclusive gate is opened only by its own ticket, which opens nothing else. A built-in gate is exclusive, always on, and accepts only the user''s own credential. stops: whether the gate stops transactions, derived from active, built_in and the setting checkpoints_enabled by derive_gate_stops. message_template: the message in the form that substitute reads.';


--
-- Name: setting; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.setting (
    name text NOT NULL,
    value text NOT NULL,
    kind text NOT NULL,
    minimum integer,
    maximum integer,
    default_value text NOT NULL,
    description text NOT NULL,
    CONSTRAINT setting_kind_check CHECK ((kind = ANY (ARRAY['boolean'::text, 'integer'::text])))
);


ALTER TABLE postern_internal.setting OWNER TO postern_owner;

--
-- Name: TABLE setting; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.setting IS 'Settings of Postern in this database, with their allowed values.';


--
-- Name: derived_gate; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.derived_gate AS
 SELECT g.gate_id,
    (g.built_in OR (g.active AND (s.value = 'true'::text))) AS stops
   FROM (postern_internal.gate g
     CROSS JOIN postern_internal.setting s)
  WHERE (s.name = 'checkpoints_enabled'::text);


ALTER TABLE postern_internal.derived_gate OWNER TO postern_owner;

--
-- Name: VIEW derived_gate; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.derived_gate IS 'Whether each gate stops transactions, derived from active, built_in and the setting checkpoints_enabled.';


--
-- Name: changed_gate; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.changed_gate AS
 SELECT
        CASE
            WHEN (g.stops AND (NOT d.stops)) THEN 'warn'::text
            ELSE 'error'::text
        END AS level,
    'changed_gate'::text AS code,
    ('gate '::text || g.gate_id) AS object,
        CASE
            WHEN d.stops THEN 'A gate is shown as active but does not stop transactions'::text
            ELSE 'A gate stops transactions but is shown as inactive'::text
        END AS title,
    format('stops is %s in postern_internal.gate, but the gate and the setting checkpoints_enabled give %s. Somebody changed it without Postern.'::text, (g.stops)::text, (d.stops)::text) AS detail,
    format('select postern.set_setting(''checkpoints_enabled'', %L);'::text, s.value) AS fix
   FROM ((postern_internal.gate g
     JOIN postern_internal.derived_gate d ON ((d.gate_id = g.gate_id)))
     JOIN postern_internal.setting s ON ((s.name = 'checkpoints_enabled'::text)))
  WHERE (g.stops <> d.stops)
UNION ALL
 SELECT 'error'::text AS level,
    'changed_gate'::text AS code,
    ('gate '::text || g.gate_id) AS object,
    'A gate shows and logs a message other than the registered one'::text AS title,
    format('The message is %L, but %L is shown. Somebody changed the template without Postern.'::text, g.message, t.message) AS detail,
    format('update postern_internal.gate set message_template = postern_internal.message_template(message, parameters) where gate_id = %L;'::text, g.gate_id) AS fix
   FROM (postern_internal.gate g
     CROSS JOIN LATERAL ( SELECT COALESCE(string_agg(
                CASE
                    WHEN (p.matched[1] IS NOT NULL) THEN '%'::text
                    WHEN (p.matched[2] IS NOT NULL) THEN ('&'::text || COALESCE(g.parameters[(p.matched[2])::integer], ''::text))
                    ELSE p.matched[3]
                END, ''::text ORDER BY p."position"), ''::text) AS message
           FROM regexp_matches(g.message_template, '(%%)|%([0-9]{1,4})\$s|([^%]+|%)'::text, 'g'::text) WITH ORDINALITY p(matched, "position")) t)
  WHERE (t.message <> g.message)
UNION ALL
 SELECT 'error'::text AS level,
    'changed_gate'::text AS code,
    ('gate '::text || g.gate_id) AS object,
    'A gate is wrongly marked as built in, or as not built in'::text AS title,
    'Exactly the gates with the prefix POSTERN_ are built in. Somebody changed built_in without Postern.'::text AS detail,
    format('update postern_internal.gate set built_in = %s where gate_id = %L; select postern.set_setting(''checkpoints_enabled'', %L);'::text,
        CASE
            WHEN g.built_in THEN 'false'::text
            ELSE 'true'::text
        END, g.gate_id, s.value) AS fix
   FROM (postern_internal.gate g
     JOIN postern_internal.setting s ON ((s.name = 'checkpoints_enabled'::text)))
  WHERE (g.built_in <> starts_with(g.gate_id, 'POSTERN_'::text));


ALTER TABLE postern_internal.changed_gate OWNER TO postern_owner;

--
-- Name: VIEW changed_gate; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.changed_gate IS 'Check of postern.doctor: gates whose stops, message_template or built_in differs from what Postern derives.';


--
-- Name: changed_protection; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.changed_protection AS
 WITH guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        )
 SELECT 'error'::text AS level,
    'changed_protection'::text AS code,
    ('table '::text || p.identity) AS object,
    'The protection of a table was changed'::text AS title,
    ((upper("left"(f.faults, 1)) || substr(f.faults, 2)) || '.'::text) AS detail,
    p.protect_again AS fix
   FROM ((((((guarded p
     LEFT JOIN pg_policy y ON (((y.polrelid = p.relation) AND (y.polname = p.policy))))
     LEFT JOIN pg_policy o ON (((o.polrelid = p.relation) AND (o.polname = 'postern_permit'::name))))
     CROSS JOIN LATERAL postern.protection_condition((p.relation)::regclass, p.protection, p.company_column, p.combination_column, p.ledger_column) w(using_expression, check_expression))
     CROSS JOIN LATERAL ( SELECT postern.policy_condition(y.oid, false) AS using_is,
            postern.policy_condition(y.oid, true) AS check_is,
            postern.policy_condition(o.oid, false) AS permits,
            postern.policy_condition(o.oid, true) AS permits_new
         OFFSET 0) c)
     CROSS JOIN LATERAL ( SELECT postern.same_condition(c.using_is, w.using_expression) AS same_using,
            ((c.check_is = c.using_is) AND (w.check_expression = w.using_expression)) AS one_condition,
            postern.same_condition(c.permits, (('true or ('::text || w.using_expression) || ')'::text)) AS same_permit,
            ((c.permits = c.permits_new) AND (w.check_expression = w.using_expression)) AS one_permit
         OFFSET 0) e)
     CROSS JOIN LATERAL ( SELECT concat_ws('; '::text,
                CASE
                    WHEN (NOT p.relrowsecurity) THEN 'row security is off'::text
                    ELSE NULL::text
                END,
                CASE
                    WHEN (y.oid IS NULL) THEN format('the policy %I is gone'::text, p.policy)
                    ELSE NULL::text
                END,
                CASE
                    WHEN y.polpermissive THEN format('the policy %I is permissive: any other policy widens it'::text, y.polname)
                    ELSE NULL::text
                END,
                CASE
                    WHEN (y.polcmd <> '*'::"char") THEN format('the policy %I does not apply to all commands'::text, y.polname)
                    ELSE NULL::text
                END,
                CASE
                    WHEN (y.polroles <> '{0}'::oid[]) THEN format('the policy %I does not apply to all roles'::text, y.polname)
                    ELSE NULL::text
                END,
                CASE
                    WHEN ((y.oid IS NOT NULL) AND (NOT e.same_using)) THEN format('the policy %I has a different USING condition'::text, y.polname)
                    ELSE NULL::text
                END,
                CASE
                    WHEN (y.oid IS NULL) THEN NULL::text
                    WHEN
                    CASE
                        WHEN e.one_condition THEN (NOT e.same_using)
                        ELSE (NOT postern.same_condition(c.check_is, w.check_expression))
                    END THEN format('the policy %I has a different WITH CHECK condition'::text, y.polname)
                    ELSE NULL::text
                END,
                CASE
                    WHEN (EXISTS ( SELECT
                       FROM (pg_depend d
                         JOIN pg_attribute a ON (((a.attrelid = p.relation) AND (a.attnum = d.refobjsubid))))
                      WHERE ((d.classid = ('pg_policy'::regclass)::oid) AND (d.objid = y.oid) AND (d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = p.relation) AND (a.attname <> ALL (ARRAY[p.company_column, COALESCE(p.combination_column, p.company_column), COALESCE(p.ledger_column, p.company_column)]))))) THEN format('the policy %I reads other columns'::text, y.polname)
                    ELSE NULL::text
                END,
                CASE
                    WHEN ((NOT o.polpermissive) OR (o.polcmd <> '*'::"char") OR (o.polroles <> '{0}'::oid[]) OR ((o.oid IS NOT NULL) AND (NOT (e.same_permit AND (e.one_permit OR postern.same_condition(c.permits_new, (('true or ('::text || w.check_expression) || ')'::text))))))) THEN 'the policy postern_permit permits other rows, or would remain after Postern is dropped'::text
                    ELSE NULL::text
                END,
                CASE
                    WHEN (NOT (EXISTS ( SELECT
                       FROM pg_trigger t
                      WHERE ((t.tgrelid = p.relation) AND (t.tgname = 'postern_refuse_truncate'::name) AND (t.tgfoid = ('postern.refuse_truncate()'::regprocedure)::oid) AND (t.tgenabled = ANY (ARRAY['O'::"char", 'A'::"char"])))))) THEN 'the trigger postern_refuse_truncate is missing or disabled'::text
                    ELSE NULL::text
                END) AS faults) f)
  WHERE ((f.faults <> ''::text) AND ((p.place = 'itself'::text) OR (y.oid IS NOT NULL)));


ALTER TABLE postern_internal.changed_protection OWNER TO postern_owner;

--
-- Name: VIEW changed_protection; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.changed_protection IS 'Check of postern.doctor: protected tables whose policy or trigger was dropped, switched off, or replaced.';


--
-- Name: log_number; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

CREATE SEQUENCE postern_internal.log_number
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE postern_internal.log_number OWNER TO postern_owner;

--
-- Name: SEQUENCE log_number; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON SEQUENCE postern_internal.log_number IS 'Counts the entries of the log.';


--
-- Name: log_skip; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

CREATE SEQUENCE postern_internal.log_skip
    START WITH 0
    INCREMENT BY 10000000
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;


ALTER TABLE postern_internal.log_skip OWNER TO postern_owner;

--
-- Name: SEQUENCE log_skip; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON SEQUENCE postern_internal.log_skip IS 'How many log_ids were skipped: a log_id is the sum of this and log_number.';


--
-- Name: log_timeline; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

CREATE SEQUENCE postern_internal.log_timeline
    START WITH -2147483648
    INCREMENT BY 1
    MINVALUE -2147483648
    NO MAXVALUE
    CACHE 1;


ALTER TABLE postern_internal.log_timeline OWNER TO postern_owner;

--
-- Name: SEQUENCE log_timeline; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON SEQUENCE postern_internal.log_timeline IS 'A hash of the timeline for which log_skip is valid. It is set, never increased.';


--
-- Name: checkpoint_entry; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.checkpoint_entry (
    log_id bigint DEFAULT (
CASE hashtext("left"(pg_walfile_name(pg_current_wal_lsn()), 8))
    WHEN pg_sequence_last_value('postern_internal.log_timeline'::regclass) THEN pg_sequence_last_value('postern_internal.log_skip'::regclass)
    ELSE (nextval('postern_internal.log_skip'::regclass) + (0 * setval('postern_internal.log_timeline'::regclass, (hashtext("left"(pg_walfile_name(pg_current_wal_lsn()), 8)))::bigint)))
END + nextval('postern_internal.log_number'::regclass)) NOT NULL,
    outcome postern_internal.outcome NOT NULL,
    gate_id text NOT NULL,
    action text,
    userid text NOT NULL,
    authenticated_by text,
    logged_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    message text NOT NULL,
    parameters jsonb NOT NULL,
    comment text,
    scheme text,
    session_role name DEFAULT SESSION_USER NOT NULL,
    client_addr inet DEFAULT inet_client_addr(),
    application_name text DEFAULT current_setting('application_name'::text) NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    ticket uuid,
    asked boolean DEFAULT true NOT NULL,
    approved_gate_id text,
    approved_message text,
    salt uuid DEFAULT gen_random_uuid() NOT NULL
)
PARTITION BY RANGE (logged_at);


ALTER TABLE postern_internal.checkpoint_entry OWNER TO postern_owner;

--
-- Name: TABLE checkpoint_entry; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.checkpoint_entry IS 'The log, append-only. Read it through postern.checkpoint_log. ticket: the authentication that the entry is about, or that opened the gate. asked: whether the person was shown this gate, with the same values of its bound parameters; false if the approval of something else opened it. approved_gate_id, approved_message: what the person was shown, if it differs from the entry''s own. salt: what makes the hashes of the personal columns in the entry''s leaf impossible to guess; the passes that one ticket opened have the same. One partition per month (UTC), by postern.create_log_partitions. Its sequences make log_id unique: a key over partitions would have to include logged_at.';


--
-- Name: combination_block; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.combination_block (
    first_id bigint NOT NULL,
    size integer NOT NULL,
    company text,
    given integer DEFAULT 0 NOT NULL,
    counted boolean DEFAULT false NOT NULL,
    folded integer DEFAULT 0 NOT NULL,
    made_in xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT combination_block_check CHECK (((first_id >= 0) AND ((first_id % (size)::bigint) = 0))),
    CONSTRAINT combination_block_check1 CHECK (((given >= 0) AND (given <= size) AND (counted OR (given < size)))),
    CONSTRAINT combination_block_check2 CHECK (((company IS NOT NULL) OR ((given = 0) AND (NOT counted)))),
    CONSTRAINT combination_block_check3 CHECK (((folded >= 0) AND (folded <= given))),
    CONSTRAINT combination_block_size_check CHECK ((size = ANY (ARRAY[128, 512, 2048, 8192, 32768])))
);


ALTER TABLE postern_internal.combination_block OWNER TO postern_owner;

--
-- Name: TABLE combination_block; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.combination_block IS 'All ids of posting combinations, in blocks: the company that owns the size ids from first_id on (NULL: none yet), and how many of them are given. If they are not counted, given is a lower bound. folded: how many of these are in the maps of all classes, for whoever looks for what is left to do; readers ask the maps. made_in: the transaction that made the row. The first block is never taken: who appends extents locks it.';


--
-- Name: company_column; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.company_column AS
 SELECT c.oid AS relation,
    c.relkind,
    c.relowner,
    c.relacl,
    c.relrowsecurity,
    a.attnum,
    a.attname,
    a.atttypid,
    a.atttypmod,
    a.attcollation,
    ((t.typoutput)::oid = ANY ((ARRAY( SELECT b.typoutput
           FROM pg_type b
          WHERE (b.oid = ANY ((postern.protectable_types('company_column'::text))::oid[]))))::oid[])) AS is_protectable,
    t.typcategory
   FROM ((((pg_class c
     JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
     JOIN pg_attribute a ON (((a.attrelid = c.oid) AND (a.attnum > 0) AND (NOT a.attisdropped))))
     JOIN ( SELECT 'company'::name AS name
        UNION
         SELECT p.company_column
           FROM postern_internal.protected_table p
          WHERE (p.company_column ~* 'company'::text)) k(name) ON ((k.name = a.attname)))
     JOIN pg_type t ON ((t.oid = a.atttypid)))
  WHERE ((c.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'f'::"char"])) AND (c.relpersistence <> 't'::"char") AND (n.nspname <> 'information_schema'::name) AND (n.nspname !~ '^pg_'::text) AND (c.relowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid) AND (NOT (EXISTS ( SELECT
           FROM pg_depend d
          WHERE ((d.classid = ('pg_class'::regclass)::oid) AND (d.objid = c.oid) AND (d.deptype = 'e'::"char"))))));


ALTER TABLE postern_internal.company_column OWNER TO postern_owner;

--
-- Name: VIEW company_column; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.company_column IS 'For postern.doctor: columns of tables and foreign tables of applications whose name suggests a company. is_protectable: whether protect_company accepts the type.';


--
-- Name: credential; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.credential (
    first_filler uuid DEFAULT gen_random_uuid() NOT NULL,
    userid text NOT NULL,
    hash text,
    must_change boolean DEFAULT true NOT NULL,
    changed_at timestamp with time zone,
    changed_by name,
    failures integer DEFAULT 0 NOT NULL,
    lockouts integer DEFAULT 0 NOT NULL,
    locked_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    denials integer DEFAULT 0 NOT NULL,
    denials_since timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    cancels integer DEFAULT 0 NOT NULL,
    cancels_since timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    last_filler uuid DEFAULT gen_random_uuid() NOT NULL
);


ALTER TABLE postern_internal.credential OWNER TO postern_owner;

--
-- Name: TABLE credential; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.credential IS 'One row per user. hash: the PIN as bcrypt over a keyed digest (NULL: none yet). must_change: set by an administrator, opens only POSTERN_PIN_CHANGE. Then the wrong responses and lock-outs since the last right response. denials, cancels: how many the sessions of this user have committed since the time beside it; after an hour the count starts again. The fillers are new at each attempt: WAL omits the common beginning and end of the old and the new row, so without them its size would tell a right response from a wrong one.';


--
-- Name: definer_function; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.definer_function AS
 SELECT
        CASE
            WHEN a.asks THEN 'warn'::text
            ELSE 'error'::text
        END AS level,
    'definer_function'::text AS code,
    ((i.type || ' '::text) || i.identity) AS object,
    'A function shows rows of all companies to whoever may call it'::text AS title,
    format('It runs as %s, a role that bypasses row security, and %s%s.'::text, quote_ident((pg_get_userbyid(p.proowner))::text), concat_ws(' and '::text, ('names '::text ||
        CASE
            WHEN (length(f.tables) > 1000) THEN ("left"(f.tables, 1000) || ' and others'::text)
            ELSE f.tables
        END), ('leads to such tables by calling '::text ||
        CASE
            WHEN (length(f.functions) > 1000) THEN ("left"(f.functions, 1000) || ' and others'::text)
            ELSE f.functions
        END)),
        CASE
            WHEN a.asks THEN '; it checks the user''s companies itself'::text
            ELSE ''::text
        END) AS detail,
        CASE
            WHEN (f.suitable_owner IS NOT NULL) THEN format('alter %s %s owner to %I;'::text, k.kind, i.identity, pg_get_userbyid(f.suitable_owner))
            ELSE format('alter %s %s security invoker;'::text, k.kind, i.identity)
        END AS fix
   FROM ((((postern.bypassing_functions() f(function, tables, functions, suitable_owner)
     JOIN pg_proc p ON ((p.oid = f.function)))
     CROSS JOIN LATERAL ( SELECT
                CASE p.prokind
                    WHEN 'p'::"char" THEN 'procedure'::text
                    ELSE 'function'::text
                END AS kind) k)
     CROSS JOIN LATERAL ( SELECT (p.prosrc ~* '\m(user_finance_auth_pub|user_finance_api|is_company_user|authorize_comb_finance_api)\M'::text) AS asks) a)
     CROSS JOIN LATERAL pg_identify_object(('pg_proc'::regclass)::oid, f.function, 0) i(type, schema, name, identity));


ALTER TABLE postern_internal.definer_function OWNER TO postern_owner;

--
-- Name: VIEW definer_function; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.definer_function IS 'Check of postern.doctor: SECURITY DEFINER functions that name protected tables and whose owners bypass row security.';


--
-- Name: disabled_checkpoints; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.disabled_checkpoints AS
 SELECT 'warn'::text AS level,
    'disabled_checkpoints'::text AS code,
    'setting checkpoints_enabled'::text AS object,
    'No gate stops transactions'::text AS title,
    format('The setting is false, so %s active without effect.'::text,
        CASE count(*)
            WHEN 1 THEN 'one gate is'::text
            ELSE (count(*) || ' gates are'::text)
        END) AS detail,
    'select postern.set_setting(''checkpoints_enabled'', ''true'');'::text AS fix
   FROM postern_internal.gate g
  WHERE (g.active AND (NOT g.built_in) AND (EXISTS ( SELECT
           FROM postern_internal.setting s
          WHERE ((s.name = 'checkpoints_enabled'::text) AND (s.value = 'false'::text)))))
 HAVING (count(*) > 0);


ALTER TABLE postern_internal.disabled_checkpoints OWNER TO postern_owner;

--
-- Name: VIEW disabled_checkpoints; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.disabled_checkpoints IS 'Check of postern.doctor: active gates while checkpoints are disabled.';


--
-- Name: event_action; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.event_action (
    event_action_id integer NOT NULL,
    name text NOT NULL,
    event text NOT NULL,
    kind postern_internal.event_action_kind NOT NULL,
    target text NOT NULL,
    condition text,
    template text,
    allow_internal boolean DEFAULT false NOT NULL,
    queued_to pg_snapshot NOT NULL,
    queued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    after_log_id bigint NOT NULL,
    place postern_internal.place NOT NULL,
    disabled_at timestamp with time zone,
    disabled_reason text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by name DEFAULT SESSION_USER NOT NULL
);


ALTER TABLE postern_internal.event_action OWNER TO postern_owner;

--
-- Name: TABLE event_action; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.event_action IS 'The receivers of each event, and how they are notified. target: a URL, a mail address, a function or a channel. queued_to: log entries visible in this snapshot have been queued, or are older than the action. after_log_id: entries up to this one came from another cluster. place: the database that delivers; no copy of it does. disabled_at, disabled_reason: since when and why nothing is delivered; what there is to deliver waits.';


--
-- Name: disabled_event_action; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.disabled_event_action AS
 SELECT 'warn'::text AS level,
    'disabled_event_action'::text AS code,
    ('event action '::text || quote_ident(a.name)) AS object,
    'A receiver wants no more events'::text AS title,
    format('Disabled since %s: %s.'::text, to_char((a.disabled_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text), a.disabled_reason) AS detail,
    format('If the receiver is back: select postern.enable_event_action(%L); if nobody is to be notified any more: select postern.remove_event_action(%L);'::text, a.name, a.name) AS fix
   FROM postern_internal.event_action a
  WHERE (a.disabled_at IS NOT NULL);


ALTER TABLE postern_internal.disabled_event_action OWNER TO postern_owner;

--
-- Name: VIEW disabled_event_action; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.disabled_event_action IS 'Check of postern.doctor: event actions whose receiver answered that it is gone (410), so that their deliveries wait.';


--
-- Name: error_logging; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.error_logging AS
 SELECT 'error'::text AS level,
    'error_logging'::text AS code,
    COALESCE(('role '::text || quote_ident((s.rolname)::text)), ('database '::text || quote_ident((current_database())::text))) AS object,
    'The server log gets the PINs of statements that fail'::text AS title,
    format('log_parameter_max_length_on_error is %s: a failing statement is logged with its bound values.'::text, (s.settings ->> 'log_parameter_max_length_on_error'::text)) AS detail,
    (s.alter || ' set log_parameter_max_length_on_error = 0;'::text) AS fix
   FROM postern_internal.application_setting s
  WHERE ((s.settings ->> 'log_parameter_max_length_on_error'::text) !~ '^\s*0+\s*[a-z]*$'::text);


ALTER TABLE postern_internal.error_logging OWNER TO postern_owner;

--
-- Name: VIEW error_logging; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.error_logging IS 'Check of postern.doctor: log_parameter_max_length_on_error, which sends PINs to the server log.';


--
-- Name: event; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.event (
    event text NOT NULL,
    outcome postern_internal.outcome NOT NULL,
    description text NOT NULL,
    enabled boolean DEFAULT true NOT NULL
);


ALTER TABLE postern_internal.event OWNER TO postern_owner;

--
-- Name: TABLE event; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.event IS 'Events, and the outcome of log entries that each stands for.';


--
-- Name: event_delivery; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.event_delivery (
    event_action_id integer NOT NULL,
    log_id bigint NOT NULL,
    delivery_id uuid DEFAULT gen_random_uuid() NOT NULL,
    state postern_internal.delivery_state DEFAULT 'pending'::postern_internal.delivery_state NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    leased_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    lease uuid,
    finished_at timestamp with time zone,
    last_error text
)
WITH (fillfactor='70');


ALTER TABLE postern_internal.event_delivery OWNER TO postern_owner;

--
-- Name: TABLE event_delivery; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.event_delivery IS 'One row for each log entry that an action has to deliver. delivery_id: lets the receiver recognise repetitions. lease: identifies the worker that has claimed it until leased_until. skipped: the condition did not hold. No foreign key to the log, whose old months may be dropped.';


--
-- Name: moved_event_action; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.moved_event_action AS
 SELECT a.event_action_id
   FROM ((postern_internal.event_action a
     CROSS JOIN pg_control_system() c(pg_control_version, catalog_version_no, system_identifier, pg_control_last_modified))
     JOIN pg_database b ON ((b.datname = current_database())))
  WHERE (((a.place).system_identifier <> c.system_identifier) OR ((a.place).database_oid <> b.oid) OR ((a.place).log_oid <> ('postern_internal.checkpoint_entry'::regclass)::oid));


ALTER TABLE postern_internal.moved_event_action OWNER TO postern_owner;

--
-- Name: VIEW moved_event_action; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.moved_event_action IS 'Event actions that were set up in another database than this one.';


--
-- Name: event_backlog; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.event_backlog AS
 SELECT 'warn'::text AS level,
    'event_backlog'::text AS code,
    ('event action '::text || quote_ident(a.name)) AS object,
    'Nobody delivers events'::text AS title,
    (concat_ws('; '::text,
        CASE
            WHEN (w.oldest IS NOT NULL) THEN format('Entries of the log wait to be queued, the oldest since %s'::text, to_char((w.oldest AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text))
            ELSE NULL::text
        END,
        CASE
            WHEN (d.deliveries > 0) THEN format('%s deliveries are due since %s'::text, d.deliveries, to_char((d.oldest AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text))
            ELSE NULL::text
        END) || '.'::text) AS detail,
    format('Have a worker run: postern event run. If nobody is to be notified any more: select postern.remove_event_action(%L);'::text, a.name) AS fix
   FROM (((postern_internal.event_action a
     JOIN postern_internal.event v ON (((v.event = a.event) AND v.enabled)))
     LEFT JOIN LATERAL ( SELECT u.oldest
           FROM postern.unqueued_events(a.name) u(entries, oldest)
          WHERE ((a.queued_at < (now() - '00:15:00'::interval)) AND (u.oldest < (now() - '00:15:00'::interval)))) w ON (true))
     CROSS JOIN LATERAL ( SELECT count(*) AS deliveries,
            min(p.due_at) AS oldest
           FROM postern_internal.event_delivery p
          WHERE ((p.event_action_id = a.event_action_id) AND (p.state = 'pending'::postern_internal.delivery_state) AND (p.due_at < (now() - '00:15:00'::interval)) AND (p.leased_until < (now() - '00:15:00'::interval)))) d)
  WHERE ((NOT (EXISTS ( SELECT
           FROM postern_internal.moved_event_action m
          WHERE (m.event_action_id = a.event_action_id)))) AND (a.disabled_at IS NULL) AND ((w.oldest IS NOT NULL) OR (d.deliveries > 0)));


ALTER TABLE postern_internal.event_backlog OWNER TO postern_owner;

--
-- Name: VIEW event_backlog; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.event_backlog IS 'Check of postern.doctor: event actions for which entries of the log, or deliveries, have waited for more than 15 minutes.';


--
-- Name: foreign_key_action; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.foreign_key_action AS
 WITH RECURSIVE guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        ), family(top, relation) AS (
         SELECT g.relation,
            g.relation
           FROM guarded g
        UNION
         SELECT f_1.top,
            i_1.inhrelid
           FROM (family f_1
             JOIN pg_inherits i_1 ON ((i_1.inhparent = f_1.relation)))
        ), forced AS (
         SELECT DISTINCT f_1.top,
            f_1.relation,
            g.identity
           FROM (family f_1
             JOIN guarded g ON ((g.relation = f_1.relation)))
          WHERE (g.relrowsecurity AND g.relforcerowsecurity)
        )
 SELECT 'warn'::text AS level,
    'foreign_key_action'::text AS code,
    format('constraint %I on %s'::text, k.conname, p.identity) AS object,
    'A foreign key changes rows of other companies'::text AS title,
    format('Row security does not stop %s: whoever changes rows of %s also changes the rows that refer to them, of any company.'::text, concat_ws(' and '::text, ('ON DELETE '::text || upper(d.action)), ('ON UPDATE '::text || upper(u.action))), i.identity) AS detail,
    format('%salter table %s drop constraint %I, add constraint %I foreign key (%s) references %s (%s)%s%s;%s'::text,
        CASE
            WHEN (c.relkind = 'p'::"char") THEN ('begin; '::text || ( SELECT string_agg(format('alter table %s no force row level security; '::text, x.identity), ''::text ORDER BY x.relation) AS string_agg
               FROM forced x
              WHERE (x.top = ANY (ARRAY[p.relation, k.confrelid]))))
            ELSE NULL::text
        END, p.identity, k.conname, k.conname, n.columns, i.identity, n.referenced, concat(
        CASE
            WHEN (k.confmatchtype = 'f'::"char") THEN ' match full'::text
            ELSE NULL::text
        END,
        CASE
            WHEN (k.confdeltype = 'r'::"char") THEN ' on delete restrict'::text
            ELSE NULL::text
        END,
        CASE
            WHEN (k.confupdtype = 'r'::"char") THEN ' on update restrict'::text
            ELSE NULL::text
        END,
        CASE
            WHEN k.condeferrable THEN ' deferrable'::text
            ELSE NULL::text
        END,
        CASE
            WHEN k.condeferred THEN ' initially deferred'::text
            ELSE NULL::text
        END),
        CASE
            WHEN (c.relkind = 'r'::"char") THEN ' not valid'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ((c.relkind = 'r'::"char") AND k.convalidated) THEN format(' select postern.validate_constraint(%L, %L);'::text, p.identity, k.conname)
            WHEN (c.relkind = 'p'::"char") THEN (( SELECT string_agg(format(' alter table %s force row level security;'::text, x.identity), ''::text ORDER BY x.relation) AS string_agg
               FROM forced x
              WHERE (x.top = ANY (ARRAY[p.relation, k.confrelid]))) || ' commit;'::text)
            ELSE NULL::text
        END) AS fix
   FROM (((((((guarded p
     JOIN pg_class c ON ((c.oid = p.relation)))
     JOIN pg_constraint k ON (((k.conrelid = p.relation) AND (k.contype = 'f'::"char") AND (k.conparentid = (0)::oid))))
     JOIN pg_class f ON ((f.oid = k.confrelid)))
     LEFT JOIN ( VALUES ('c'::text,'cascade'::text), ('n'::text,'set null'::text), ('d'::text,'set default'::text)) d(type, action) ON ((d.type = (k.confdeltype)::text)))
     LEFT JOIN ( VALUES ('c'::text,'cascade'::text), ('n'::text,'set null'::text), ('d'::text,'set default'::text)) u(type, action) ON ((u.type = (k.confupdtype)::text)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, k.confrelid, 0) i(type, schema, name, identity))
     CROSS JOIN LATERAL ( SELECT string_agg(quote_ident((a.attname)::text), ', '::text ORDER BY x."position") AS columns,
            string_agg(quote_ident((b.attname)::text), ', '::text ORDER BY x."position") AS referenced
           FROM ((UNNEST(k.conkey, k.confkey) WITH ORDINALITY x(attnum, referenced, "position")
             JOIN pg_attribute a ON (((a.attrelid = k.conrelid) AND (a.attnum = x.attnum))))
             JOIN pg_attribute b ON (((b.attrelid = k.confrelid) AND (b.attnum = x.referenced))))) n)
  WHERE (((d.action IS NOT NULL) OR (u.action IS NOT NULL)) AND (f.relowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid) AND (NOT (EXISTS ( SELECT
           FROM (((guarded r
             JOIN pg_attribute b ON (((b.attrelid = r.relation) AND (b.attname = r.company_column))))
             JOIN pg_attribute a ON (((a.attrelid = p.relation) AND (a.attname = p.company_column))))
             JOIN UNNEST(k.conkey, k.confkey) x(attnum, referenced) ON (((x.attnum = a.attnum) AND (x.referenced = b.attnum))))
          WHERE ((r.relation = k.confrelid) AND (NOT (a.atthasdef AND ((k.confupdtype = 'd'::"char") OR ((k.confdeltype = 'd'::"char") AND (a.attnum = ANY (COALESCE(k.confdelsetcols, k.conkey))))))))))));


ALTER TABLE postern_internal.foreign_key_action OWNER TO postern_owner;

--
-- Name: VIEW foreign_key_action; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.foreign_key_action IS 'Check of postern.doctor: foreign keys of protected tables whose action reaches rows of other companies.';


--
-- Name: guarded_table; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.guarded_table AS
 SELECT p.relation,
    p.identity,
    p.relowner
   FROM postern_internal.protected_relation p
UNION ALL
 SELECT c.oid AS relation,
    'postern.posting_combination'::text AS identity,
    c.relowner
   FROM pg_class c
  WHERE (c.oid = ('postern.posting_combination'::regclass)::oid);


ALTER TABLE postern_internal.guarded_table OWNER TO postern_owner;

--
-- Name: VIEW guarded_table; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.guarded_table IS 'For postern.doctor: all tables whose rows Postern guards, including its own public one.';


--
-- Name: foreign_table; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.foreign_table AS
 WITH RECURSIVE guarded AS MATERIALIZED (
         SELECT g.relation
           FROM postern_internal.guarded_table g
        ), reading(relation) AS (
         SELECT g.relation
           FROM guarded g
        UNION
         SELECT c.oid
           FROM pg_class c
          WHERE ((c.relnamespace = ('postern_internal'::regnamespace)::oid) AND (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])))
        UNION
         SELECT w.ev_class
           FROM ((reading r
             JOIN pg_depend d ON (((d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = r.relation) AND (d.classid = ('pg_rewrite'::regclass)::oid))))
             JOIN pg_rewrite w ON ((w.oid = d.objid)))
        ), kept AS MATERIALIZED (
         SELECT n.nspname,
            c.relname,
            format('%I.%I'::text, n.nspname, c.relname) AS identity
           FROM ((reading r
             JOIN pg_class c ON ((c.oid = r.relation)))
             JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
        ), described AS MATERIALIZED (
         SELECT c.oid,
            c.relacl,
            c.relowner,
            s.srvname,
            COALESCE(( SELECT o.option_value
                   FROM pg_options_to_table(f.ftoptions) o(option_name, option_value)
                  WHERE (o.option_name = 'schema_name'::text)), (n.nspname)::text) AS schema_name,
            COALESCE(( SELECT o.option_value
                   FROM pg_options_to_table(f.ftoptions) o(option_name, option_value)
                  WHERE (o.option_name = 'table_name'::text)), (c.relname)::text) AS table_name,
            ((EXISTS ( SELECT
                   FROM pg_options_to_table(s.srvoptions) o(option_name, option_value)
                  WHERE ((o.option_name = 'dbname'::text) AND (o.option_value = current_database())))) AND (NOT (EXISTS ( SELECT
                   FROM pg_options_to_table(s.srvoptions) o(option_name, option_value)
                  WHERE (((o.option_name = ANY (ARRAY['host'::text, 'hostaddr'::text])) AND (o.option_value <> ''::text) AND (NOT (EXISTS ( SELECT
                           FROM unnest(string_to_array(o.option_value, ','::text)) one(one)
                          WHERE ((one.one ~ '^(localhost|127\..*|::1|/.*|)$'::text) OR (one.one = host(inet_server_addr()))))))) OR ((o.option_name = 'port'::text) AND (current_setting('port'::text) <> ALL (string_to_array(o.option_value, ','::text))))))))) AS is_here
           FROM (((pg_foreign_table f
             JOIN pg_class c ON ((c.oid = f.ftrelid)))
             JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
             JOIN pg_foreign_server s ON ((s.oid = f.ftserver)))
          WHERE (NOT (EXISTS ( SELECT
                   FROM pg_depend d
                  WHERE ((d.classid = ('pg_class'::regclass)::oid) AND (d.objid = c.oid) AND (d.deptype = 'e'::"char")))))
        ), judged AS (
         SELECT d.oid,
            d.relacl,
            d.relowner,
            d.srvname,
            d.schema_name,
            d.table_name,
            d.is_here,
            ( SELECT p.identity
                   FROM kept p
                  WHERE (d.is_here AND (p.nspname = d.schema_name) AND (p.relname = d.table_name))) AS behind,
            ( SELECT t.identity
                   FROM ((guarded p
                     JOIN pg_inherits h ON ((h.inhrelid = p.relation)))
                     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, h.inhparent, 0) t(type, schema, name, identity))
                  WHERE (p.relation = d.oid)
                 LIMIT 1) AS above,
            ( SELECT k.attname
                   FROM postern_internal.company_column k
                  WHERE (k.relation = d.oid)
                 LIMIT 1) AS company_column
           FROM described d
        )
 SELECT
        CASE
            WHEN ((j.behind IS NOT NULL) OR (j.above IS NOT NULL)) THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'foreign_table'::text AS code,
    ('foreign table '::text || i.identity) AS object,
    'A foreign table shows rows without row security'::text AS title,
    format('%s; readers: %s. A foreign table can have no policy.'::text,
        CASE
            WHEN (j.behind IS NOT NULL) THEN format('Through the server %I it reads %s, which is protected or reads a protected table, as the role that is mapped there'::text, j.srvname, j.behind)
            WHEN (j.above IS NOT NULL) THEN format('It is a part of %s, which is protected'::text, j.above)
            ELSE format('It has the column %I'::text, j.company_column)
        END, concat_ws(', '::text,
        CASE
            WHEN e.is_public THEN 'public'::text
            ELSE NULL::text
        END, e.roles)) AS detail,
    format('revoke all on %s from %s cascade;'::text, i.identity, concat_ws(', '::text, 'public', e.roles)) AS fix
   FROM ((judged j
     CROSS JOIN LATERAL ( SELECT string_agg(DISTINCT
                CASE
                    WHEN (x.grantee = (0)::oid) THEN NULL::text
                    ELSE quote_ident((pg_get_userbyid(x.grantee))::text)
                END, ', '::text) AS roles,
            bool_or((x.grantee = (0)::oid)) AS is_public
           FROM (( SELECT j.relacl AS acl
                UNION ALL
                 SELECT a.attacl
                   FROM pg_attribute a
                  WHERE ((a.attrelid = j.oid) AND (a.attacl IS NOT NULL))) s
             CROSS JOIN LATERAL aclexplode(s.acl) x(grantor, grantee, privilege_type, is_grantable))
          WHERE (x.grantee <> j.relowner)) e)
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, j.oid, 0) i(type, schema, name, identity))
  WHERE (((e.roles IS NOT NULL) OR e.is_public) AND ((j.behind IS NOT NULL) OR (j.above IS NOT NULL) OR (j.company_column IS NOT NULL)));


ALTER TABLE postern_internal.foreign_table OWNER TO postern_owner;

--
-- Name: VIEW foreign_table; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.foreign_table IS 'Check of postern.doctor: foreign tables that roles other than their owner may read and that lead to a protected table of this database, are part of one, or have a company column.';


--
-- Name: gate_message; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.gate_message AS
 SELECT 'warn'::text AS level,
    'gate_message'::text AS code,
    ('gate '::text || g.gate_id) AS object,
    'The message repeats what every log entry contains'::text AS title,
    format('%L has: %s.'::text, g.message, postern.redundant_words(g.message)) AS detail,
    format('Say what happened and to which business object: select postern.set_gate_message(%L, ...); and use the same message in the registration.'::text, g.gate_id) AS fix
   FROM postern_internal.gate g
  WHERE ((NOT g.built_in) AND (postern.redundant_words(g.message) IS NOT NULL));


ALTER TABLE postern_internal.gate_message OWNER TO postern_owner;

--
-- Name: VIEW gate_message; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.gate_message IS 'Check of postern.doctor: messages of gates with words that postern.redundant_words finds.';


--
-- Name: logical_replication; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.logical_replication AS
 WITH guarded AS MATERIALIZED (
         SELECT g.relation,
            g.identity
           FROM postern_internal.guarded_table g
        ), secret AS MATERIALIZED (
         SELECT c.oid
           FROM pg_class c
          WHERE ((c.relnamespace = ('postern_internal'::regnamespace)::oid) AND (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])))
        ), published AS (
         SELECT p.oid,
            p.pubname,
            r.prrelid AS relation,
            NULL::oid AS namespace
           FROM (pg_publication p
             JOIN pg_publication_rel r ON ((r.prpubid = p.oid)))
        UNION ALL
         SELECT p.oid,
            p.pubname,
            c.oid,
            s.pnnspid
           FROM ((pg_publication p
             JOIN pg_publication_namespace s ON ((s.pnpubid = p.oid)))
             JOIN pg_class c ON ((c.relnamespace = s.pnnspid)))
        UNION ALL
         SELECT p.oid,
            p.pubname,
            c.oid,
            NULL::oid AS namespace
           FROM (pg_publication p
             JOIN pg_class c ON ((p.puballtables AND (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])))))
        ), open AS (
         SELECT p.oid,
            p.pubname,
            bool_or((s.oid IS NOT NULL)) AS has_secrets,
            string_agg(DISTINCT COALESCE(g.identity, 'postern_internal'::text), ', '::text) AS tables,
            string_agg(DISTINCT i.identity, ', '::text) FILTER (WHERE (p.namespace IS NULL)) AS listed,
            string_agg(DISTINCT quote_ident((n.nspname)::text), ', '::text) AS schemas
           FROM ((((published p
             LEFT JOIN guarded g ON ((g.relation = p.relation)))
             LEFT JOIN secret s ON ((s.oid = p.relation)))
             LEFT JOIN pg_namespace n ON ((n.oid = p.namespace)))
             CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, p.relation, 0) i(type, schema, name, identity))
          WHERE ((g.relation IS NOT NULL) OR (s.oid IS NOT NULL))
          GROUP BY p.oid, p.pubname
        )
 SELECT
        CASE
            WHEN o.has_secrets THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'logical_replication'::text AS code,
    ('publication '::text || quote_ident((o.pubname)::text)) AS object,
        CASE
            WHEN o.has_secrets THEN 'Logical replication sends the keys and PINs of Postern'::text
            ELSE 'Logical replication sends the rows of all companies'::text
        END AS title,
    format('It publishes %s; row security does not apply to replicated rows.'::text,
        CASE
            WHEN (length(o.tables) > 1000) THEN ("left"(o.tables, 1000) || ' and others'::text)
            ELSE o.tables
        END) AS detail,
        CASE
            WHEN p.puballtables THEN format('drop publication %I;'::text, o.pubname)
            ELSE format('alter publication %I drop %s;'::text, o.pubname, concat_ws(', '::text, ('table '::text || o.listed), ('tables in schema '::text || o.schemas)))
        END AS fix
   FROM (open o
     JOIN pg_publication p ON ((p.oid = o.oid)))
UNION ALL
 SELECT 'error'::text AS level,
    'logical_replication'::text AS code,
    ('replication slot '::text || (s.slot_name)::text) AS object,
    'Logical replication sends the keys and PINs of Postern'::text AS title,
    format('Through the output plugin %s it sends everything that is written to any table of this database.'::text, quote_ident((s.plugin)::text)) AS detail,
    format('select pg_drop_replication_slot(%L);'::text, s.slot_name) AS fix
   FROM pg_replication_slots s
  WHERE ((s.slot_type = 'logical'::text) AND (s.database = current_database()) AND (s.plugin <> 'pgoutput'::name) AND (NOT s.temporary));


ALTER TABLE postern_internal.logical_replication OWNER TO postern_owner;

--
-- Name: VIEW logical_replication; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.logical_replication IS 'Check of postern.doctor: publications of protected tables or of Postern''s own tables, and slots that send all tables.';


--
-- Name: look_alike_user; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.look_alike_user AS
 SELECT 'warn'::text AS level,
    'look_alike_user'::text AS code,
    ('user '::text || l.userid) AS object,
    'Two users cannot be told apart by sight'::text AS title,
    format('%s looks like %L, which is older. Somebody who reads the log, or a dialog, may take one for the other.'::text, c.literal, l.older) AS detail,
    format('Find out who each of them is. If one should not exist: select postern.set_user_active(%s, false);'::text, c.literal) AS fix
   FROM (postern.look_alike_users() l(userid, older)
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (octet_length(l.userid) = length(l.userid)) THEN quote_literal(l.userid)
                    ELSE (('U&'''::text || string_agg(
                    CASE
                        WHEN (r."character" = ANY (ARRAY[''''::text, '\'::text])) THEN (r."character" || r."character")
                        WHEN (ascii(r."character") < 128) THEN r."character"
                        WHEN (ascii(r."character") < 65536) THEN ('\'::text || lpad(to_hex(ascii(r."character")), 4, '0'::text))
                        ELSE ('\+'::text || lpad(to_hex(ascii(r."character")), 6, '0'::text))
                    END, ''::text ORDER BY r."position")) || ''''::text)
                END AS literal
           FROM string_to_table(l.userid, NULL::text) WITH ORDINALITY r("character", "position")) c);


ALTER TABLE postern_internal.look_alike_user OWNER TO postern_owner;

--
-- Name: VIEW look_alike_user; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.look_alike_user IS 'Check of postern.doctor: active users whose ids differ but look alike.';


--
-- Name: materialized_view; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.materialized_view AS
 WITH RECURSIVE reached(relation, guarded) AS (
         SELECT g_1.relation,
            g_1.identity
           FROM postern_internal.guarded_table g_1
        UNION
         SELECT w.ev_class,
            r.guarded
           FROM ((reached r
             JOIN pg_depend d ON (((d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = r.relation) AND (d.classid = ('pg_rewrite'::regclass)::oid))))
             JOIN pg_rewrite w ON ((w.oid = d.objid)))
          WHERE (w.ev_class <> r.relation)
        ), found AS (
         SELECT v.oid,
            v.relacl,
            v.relowner,
            string_agg(DISTINCT r.guarded, ', '::text) AS tables
           FROM (reached r
             JOIN pg_class v ON ((v.oid = r.relation)))
          WHERE (v.relkind = 'm'::"char")
          GROUP BY v.oid, v.relacl, v.relowner
        )
 SELECT
        CASE
            WHEN (g.grantees IS NULL) THEN 'warn'::text
            ELSE 'error'::text
        END AS level,
    'materialized_view'::text AS code,
    ('materialized view '::text || i.identity) AS object,
    'A materialized view holds rows without row security'::text AS title,
    format('It holds what %s saw in %s when it was last refreshed; %s.'::text, quote_ident((pg_get_userbyid(f.relowner))::text), f.tables, COALESCE(('readers: '::text || g.grantees), 'nobody has decided yet who may read it'::text)) AS detail,
    format('revoke all on %s from %s cascade;'::text, i.identity, concat_ws(', '::text, 'public', e.roles)) AS fix
   FROM (((found f
     CROSS JOIN LATERAL ( SELECT string_agg(DISTINCT
                CASE
                    WHEN (a.grantee = (0)::oid) THEN NULL::text
                    ELSE quote_ident((pg_get_userbyid(a.grantee))::text)
                END, ', '::text) AS roles,
            bool_or((a.grantee = (0)::oid)) AS is_public
           FROM aclexplode(f.relacl) a(grantor, grantee, privilege_type, is_grantable)
          WHERE (a.grantee <> f.relowner)) e)
     CROSS JOIN LATERAL ( SELECT NULLIF(concat_ws(', '::text,
                CASE
                    WHEN e.is_public THEN 'public'::text
                    ELSE NULL::text
                END, e.roles), ''::text) AS grantees) g)
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, f.oid, 0) i(type, schema, name, identity))
  WHERE ((f.relacl IS NULL) OR (g.grantees IS NOT NULL));


ALTER TABLE postern_internal.materialized_view OWNER TO postern_owner;

--
-- Name: VIEW materialized_view; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.materialized_view IS 'Check of postern.doctor: materialized views over protected tables that roles other than their owner may read, or for which nobody has decided who may.';


--
-- Name: missing_ledger_key; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.missing_ledger_key AS
 WITH guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        )
 SELECT 'warn'::text AS level,
    'missing_ledger_key'::text AS code,
    ('table '::text || p.identity) AS object,
    'Queries compare the company of each row'::text AS title,
    format('With a valid foreign key (%I, %I) to postern.posting_combination, the combination would tell the company.'::text, p.company_column, p.combination_column) AS detail,
    concat_ws(' '::text, format('alter table %s alter column %I set not null, alter column %I set not null;'::text, p.identity, p.company_column, p.combination_column),
        CASE
            WHEN (k.conname IS NULL) THEN format('alter table %s add constraint postern_combination foreign key (%I, %I) references postern.posting_combination (company, posting_combination_id)%s;'::text, p.identity, p.company_column, p.combination_column,
            CASE
                WHEN (c.relkind = 'r'::"char") THEN format(' not valid; alter table %s validate constraint postern_combination'::text, p.identity)
                ELSE NULL::text
            END)
            WHEN k.condeferrable THEN format('alter table %s alter constraint %I not deferrable;'::text, p.identity, k.conname)
            ELSE NULL::text
        END,
        CASE
            WHEN (NOT k.convalidated) THEN format('alter table %s validate constraint %I;'::text, p.identity, k.conname)
            ELSE NULL::text
        END) AS fix
   FROM ((guarded p
     JOIN pg_class c ON ((c.oid = p.relation)))
     LEFT JOIN LATERAL ( SELECT k_1.conname,
            k_1.condeferrable,
            k_1.convalidated
           FROM pg_constraint k_1
          WHERE ((k_1.conrelid = p.relation) AND (k_1.contype = 'f'::"char") AND (k_1.confrelid = ('postern.posting_combination'::regclass)::oid) AND (cardinality(k_1.conkey) = 2) AND (NOT (EXISTS ( SELECT
                   FROM (unnest(k_1.conkey) n(attnum)
                     JOIN pg_attribute a ON (((a.attrelid = p.relation) AND (a.attnum = n.attnum))))
                  WHERE (a.attname <> ALL (ARRAY[p.company_column, p.combination_column]))))))
          ORDER BY k_1.convalidated DESC, k_1.condeferrable
         LIMIT 1) k ON (true))
  WHERE ((p.protection = 'ledger'::text) AND (p.place = 'itself'::text) AND (p.ledger_column IS NULL) AND (NOT postern.ledger_key_is_valid((p.relation)::regclass)) AND (NOT (EXISTS ( SELECT
           FROM pg_attribute a
          WHERE ((a.attrelid = p.relation) AND (a.attname = p.combination_column) AND (a.atttypid = ('numeric'::regtype)::oid))))) AND ((c.relkind = 'p'::"char") OR (NOT (EXISTS ( SELECT
           FROM pg_inherits i
          WHERE (i.inhparent = p.relation))))));


ALTER TABLE postern_internal.missing_ledger_key OWNER TO postern_owner;

--
-- Name: VIEW missing_ledger_key; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.missing_ledger_key IS 'Check of postern.doctor: protected ledgers whose queries a foreign key would make faster.';


--
-- Name: missing_log_partition; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.missing_log_partition AS
 SELECT 'warn'::text AS level,
    'missing_log_partition'::text AS code,
    'log'::text AS object,
    'The log has no partition for a month'::text AS title,
    format('No partition: %s (UTC)%s. Entries of such a month go to the default partition, and cannot be dropped by month.'::text, string_agg((to_char((m.month AT TIME ZONE 'UTC'::text), 'YYYY-MM'::text) ||
        CASE
            WHEN (m.entries > 0) THEN format(' with %s entries'::text, m.entries)
            ELSE ''::text
        END), ', '::text ORDER BY m.month),
        CASE
            WHEN (max(m.entries) > 10000) THEN '; checkpoints wait while so many are moved'::text
            ELSE ''::text
        END) AS detail,
    format('select postern.create_log_partitions(%s);'::text,
        CASE
            WHEN (max(m.entries) > 10000) THEN 'null'::text
            ELSE NULL::text
        END) AS fix
   FROM postern.log_gaps() m(month, entries)
  WHERE ((m.entries > 0) OR (m.month <= ((date_trunc('month'::text, (now() AT TIME ZONE 'UTC'::text)) AT TIME ZONE 'UTC'::text) + '1 mon'::interval)))
 HAVING (count(*) > 0);


ALTER TABLE postern_internal.missing_log_partition OWNER TO postern_owner;

--
-- Name: VIEW missing_log_partition; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.missing_log_partition IS 'Check of postern.doctor: months of the log, up to the next one, without a partition.';


--
-- Name: missing_membership; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.missing_membership AS
 WITH RECURSIVE guarded AS MATERIALIZED (
         SELECT p.relation,
            p.identity
           FROM postern_internal.protected_relation p
        ), readable(relation, guarded) AS (
         SELECT g.relation,
            g.identity
           FROM guarded g
        UNION
         SELECT w_1.ev_class,
            r.guarded
           FROM (((readable r
             JOIN pg_depend d ON (((d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = r.relation) AND (d.classid = ('pg_rewrite'::regclass)::oid))))
             JOIN pg_rewrite w_1 ON ((w_1.oid = d.objid)))
             JOIN pg_class v ON (((v.oid = w_1.ev_class) AND (v.relkind = 'v'::"char"))))
          WHERE ((w_1.ev_class <> r.relation) AND (v.relowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid))
        ), granted(role, relation) AS (
         SELECT x.grantee,
            c.oid
           FROM (((( SELECT DISTINCT r_1.relation
                   FROM readable r_1) r
             JOIN pg_class c ON ((c.oid = r.relation)))
             CROSS JOIN LATERAL ( SELECT c.relacl AS acl
                UNION ALL
                 SELECT a.attacl
                   FROM pg_attribute a
                  WHERE ((a.attrelid = c.oid) AND (a.attacl IS NOT NULL))) s)
             CROSS JOIN LATERAL aclexplode(s.acl) x(grantor, grantee, privilege_type, is_grantable))
          WHERE ((x.grantee <> (0)::oid) AND (x.grantee <> c.relowner) AND (x.privilege_type = ANY (ARRAY['SELECT'::text, 'INSERT'::text, 'UPDATE'::text, 'DELETE'::text])))
        ), wanting AS (
         SELECT g.role,
            string_agg(DISTINCT i.identity, ', '::text) AS relations
           FROM (granted g
             CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, g.relation, 0) i(type, schema, name, identity))
          GROUP BY g.role
        ), outside AS MATERIALIZED (
         SELECT r.oid,
            r.rolname,
            r.rolcanlogin
           FROM pg_roles r
          WHERE ((NOT r.rolsuper) AND (NOT r.rolbypassrls) AND (r.rolname !~ '^pg_'::text) AND (NOT pg_has_role(r.oid, (to_regrole('postern_user'::text))::oid, 'usage'::text)) AND (NOT pg_has_role(r.oid, (to_regrole('postern_admin'::text))::oid, 'usage'::text)))
        )
 SELECT 'warn'::text AS level,
    'missing_membership'::text AS code,
    ('role '::text || quote_ident((o.rolname)::text)) AS object,
    'A role has rights on protected tables but is refused their rows'::text AS title,
    format('It is not a member of postern_user, and has rights on %s.'::text,
        CASE
            WHEN (length(w.relations) > 1000) THEN ("left"(w.relations, 1000) || ' and others'::text)
            ELSE w.relations
        END) AS detail,
    format('grant postern_user to %I;'::text, o.rolname) AS fix
   FROM (wanting w
     JOIN outside o ON ((o.oid = w.role)))
  WHERE (o.rolcanlogin OR (NOT (EXISTS ( SELECT
           FROM (postern_internal.role_membership m
             JOIN pg_roles l ON ((l.oid = m.member)))
          WHERE ((m.roleid = o.oid) AND l.rolcanlogin)))) OR (EXISTS ( SELECT
           FROM (postern_internal.role_membership m
             JOIN outside l ON ((l.oid = m.member)))
          WHERE ((m.roleid = o.oid) AND l.rolcanlogin))));


ALTER TABLE postern_internal.missing_membership OWNER TO postern_owner;

--
-- Name: VIEW missing_membership; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.missing_membership IS 'Check of postern.doctor: roles with rights on protected tables, or on views over them, that are not members of postern_user.';


--
-- Name: moved_event; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.moved_event AS
 SELECT 'warn'::text AS level,
    'moved_event'::text AS code,
    ('event '::text || v.event) AS object,
    'Events of another database wait'::text AS title,
    format('This database was copied, restored or upgraded, so it delivers nothing for: %s.'::text, string_agg(quote_ident(a.name), ', '::text ORDER BY a.name)) AS detail,
    format('Where this is production now: select postern.set_event_enabled(%L, true); where it is a copy: select postern.set_event_enabled(%L, false);'::text, v.event, v.event) AS fix
   FROM ((postern_internal.event v
     JOIN postern_internal.event_action a ON ((a.event = v.event)))
     JOIN postern_internal.moved_event_action m ON ((m.event_action_id = a.event_action_id)))
  WHERE (v.enabled AND (a.disabled_at IS NULL))
  GROUP BY v.event;


ALTER TABLE postern_internal.moved_event OWNER TO postern_owner;

--
-- Name: VIEW moved_event; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.moved_event IS 'Check of postern.doctor: enabled events with actions that were set up in another database, so that nothing is delivered here.';


--
-- Name: moved_login; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.moved_login AS
 SELECT 'warn'::text AS level,
    'moved_login'::text AS code,
    ('login '::text || quote_ident((a.db_role)::text)) AS object,
    'A login that another cluster allowed counts by its name'::text AS title,
        CASE
            WHEN (r.oid IS NULL) THEN 'There is no such role here. Whoever creates one of this name has a login that is allowed.'::text
            ELSE 'Whether this role is the one that was allowed, the database cannot tell.'::text
        END AS detail,
        CASE
            WHEN (r.oid IS NULL) THEN format('select postern.disallow_login(%L);'::text, a.db_role)
            ELSE format('Where this role is meant: select postern.allow_login(%L); where it is not: select postern.disallow_login(%L);'::text, a.db_role, a.db_role)
        END AS fix
   FROM ((postern_internal.allowed_login a
     CROSS JOIN pg_control_system() c(pg_control_version, catalog_version_no, system_identifier, pg_control_last_modified))
     LEFT JOIN pg_roles r ON ((r.rolname = a.db_role)))
  WHERE (a.system_identifier <> c.system_identifier);


ALTER TABLE postern_internal.moved_login OWNER TO postern_owner;

--
-- Name: VIEW moved_login; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.moved_login IS 'Check of postern.doctor: allowed logins that were allowed in another cluster, and count here by name alone.';


--
-- Name: session_key; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.session_key (
    kid text NOT NULL,
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    created_by name DEFAULT SESSION_USER NOT NULL,
    retired_at timestamp with time zone,
    system_identifier bigint NOT NULL,
    database_oid oid NOT NULL,
    table_oid oid NOT NULL,
    CONSTRAINT session_key_inner_pad_check CHECK ((length(inner_pad) = 64)),
    CONSTRAINT session_key_kid_check CHECK (((kid <> ''::text) AND (length(kid) <= 128))),
    CONSTRAINT session_key_outer_pad_check CHECK ((length(outer_pad) = 64))
);


ALTER TABLE postern_internal.session_key OWNER TO postern_owner;

--
-- Name: TABLE session_key; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.session_key IS 'Keys with which application servers sign session tokens (JWT, HS256), as the two padded blocks of RFC 2104. A retired key verifies nothing; it is kept so that its kid is never used again. system_identifier, database_oid, table_oid: the cluster, the database and this table in which the key was created; a copied or restored database differs in one of them.';


--
-- Name: moved_session_key; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.moved_session_key AS
 SELECT 'warn'::text AS level,
    'moved_session_key'::text AS code,
    ('session key '::text || k.kid) AS object,
    'A session key came from another database'::text AS title,
    'It was created before this database was copied, restored or upgraded. Whoever has it speaks for users here and there, where both databases have the same name.'::text AS detail,
    format('Create a key under another id (postern session key create KID), switch the application to it, then: select postern.retire_session_key(%L);'::text, k.kid) AS fix
   FROM ((postern_internal.session_key k
     CROSS JOIN pg_control_system() c(pg_control_version, catalog_version_no, system_identifier, pg_control_last_modified))
     JOIN pg_database b ON ((b.datname = current_database())))
  WHERE ((k.retired_at IS NULL) AND ((k.system_identifier <> c.system_identifier) OR (k.database_oid <> b.oid) OR (k.table_oid <> k.tableoid)));


ALTER TABLE postern_internal.moved_session_key OWNER TO postern_owner;

--
-- Name: VIEW moved_session_key; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.moved_session_key IS 'Check of postern.doctor: session keys in use that were created in another database than this one.';


--
-- Name: no_permissive_policy; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.no_permissive_policy AS
 WITH guarded AS MATERIALIZED (
         SELECT p.relation,
            p.place,
            p.recorded,
            p.protection,
            p.company_column,
            p.combination_column,
            p.ledger_column,
            p.policy,
            p.relowner,
            p.relrowsecurity,
            p.relforcerowsecurity,
            p.identity,
            p.protect_again
           FROM postern_internal.protected_relation p
        ), closed AS (
         SELECT c.oid
           FROM pg_class c
          WHERE (c.relrowsecurity AND (NOT (EXISTS ( SELECT
                   FROM pg_policy y
                  WHERE ((y.polrelid = c.oid) AND y.polpermissive)))))
        )
 SELECT 'warn'::text AS level,
    'no_permissive_policy'::text AS code,
    ('table '::text || p.identity) AS object,
    'A protected table shows no rows to anybody'::text AS title,
        CASE
            WHEN b.permitted THEN 'The policy postern_permit is missing.'::text
            ELSE 'None of the permissive policies is left that the application had before the table was protected.'::text
        END AS detail,
        CASE
            WHEN b.permitted THEN p.protect_again
            ELSE format('Create a policy that says who may read which rows, for example: create policy ... on %s using (...);'::text, p.identity)
        END AS fix
   FROM ((guarded p
     JOIN closed c ON ((c.oid = p.relation)))
     CROSS JOIN LATERAL postern.before_protection((p.relation)::regclass) b(enabled, forced, policies, permitted))
  WHERE (EXISTS ( SELECT
           FROM pg_policy y
          WHERE ((y.polrelid = p.relation) AND (y.polname = p.policy))))
UNION ALL
 SELECT 'warn'::text AS level,
    'no_permissive_policy'::text AS code,
    ('table '::text || i.identity) AS object,
    'Row security is on, but no policy lets anybody read'::text AS title,
    format('The table has the column %I and is not protected; %s.'::text, k.attname,
        CASE
            WHEN t.relforcerowsecurity THEN 'not even its owner sees a row'::text
            ELSE 'only its owner sees rows'::text
        END) AS detail,
    format('If rows should be readable, create a policy that says by whom, or switch row security off and protect the table: alter table %s disable row level security; select postern.protect_company(%L, %L);'::text, i.identity, i.identity, k.attname) AS fix
   FROM (((closed c
     JOIN pg_class t ON ((t.oid = c.oid)))
     JOIN postern_internal.company_column k ON ((k.relation = c.oid)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, c.oid, 0) i(type, schema, name, identity))
  WHERE ((NOT (EXISTS ( SELECT
           FROM guarded p
          WHERE (p.relation = c.oid)))) AND (NOT (EXISTS ( SELECT
           FROM pg_inherits h
          WHERE (h.inhrelid = c.oid)))));


ALTER TABLE postern_internal.no_permissive_policy OWNER TO postern_owner;

--
-- Name: VIEW no_permissive_policy; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.no_permissive_policy IS 'Check of postern.doctor: protected tables, and tables with a company column, that have row security but no permissive policy.';


--
-- Name: old_session_key; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.old_session_key AS
 SELECT 'warn'::text AS level,
    'old_session_key'::text AS code,
    ('session key '::text || k.kid) AS object,
    'A session key is older than a year'::text AS title,
    format('It was created on %s. Anybody who has ever seen it can speak for every user.'::text, to_char(k.created_at, 'YYYY-MM-DD'::text)) AS detail,
    format('Create a key under another id (postern session key create KID), switch the application to it, then: select postern.retire_session_key(%L);'::text, k.kid) AS fix
   FROM postern_internal.session_key k
  WHERE ((k.retired_at IS NULL) AND (k.created_at < (now() - '1 year'::interval)));


ALTER TABLE postern_internal.old_session_key OWNER TO postern_owner;

--
-- Name: VIEW old_session_key; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.old_session_key IS 'Check of postern.doctor: session keys in use for more than a year.';


--
-- Name: open_gate; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.open_gate (
    nonce text NOT NULL COLLATE pg_catalog."C",
    ticket uuid NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    opened_at timestamp with time zone DEFAULT transaction_timestamp() NOT NULL,
    userid text NOT NULL,
    authenticated_by text NOT NULL,
    scheme text NOT NULL,
    comment text,
    gate_id text NOT NULL,
    exclusive boolean NOT NULL,
    action text,
    digest bytea NOT NULL,
    parameters text NOT NULL,
    message text NOT NULL,
    session_role name DEFAULT SESSION_USER NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    session text NOT NULL,
    passed boolean DEFAULT false NOT NULL,
    salt uuid DEFAULT gen_random_uuid() NOT NULL,
    action_begun boolean DEFAULT false NOT NULL
);


ALTER TABLE postern_internal.open_gate OWNER TO postern_owner;

--
-- Name: TABLE open_gate; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.open_gate IS 'Used tickets, including those in use. The key is the nonce, so that a challenge opens gates only once, whichever of its answers is used. A gate is open for the transaction identified by transaction_id and opened_at together: after a dump and restore the new cluster counts its transactions anew, so a number alone could recur. session: the setting postern.session as it was verified when the gates were opened. passed: whether an exclusive gate has used this ticket, which it can only once. salt: of the ticket.';


--
-- Name: COLUMN open_gate.action_begun; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON COLUMN postern_internal.open_gate.action_begun IS 'Whether the approved action has begun in this transaction: only then are its gates open. A column instead of a setting, because a rollback to a savepoint reverts it for good.';


--
-- Name: ticket; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.ticket (
    ticket uuid NOT NULL,
    nonce text NOT NULL COLLATE pg_catalog."C",
    verdict postern_internal.verdict NOT NULL,
    locked_until timestamp with time zone NOT NULL,
    userid text NOT NULL,
    authenticated_by text NOT NULL,
    scheme text NOT NULL,
    comment text,
    gate_id text NOT NULL,
    exclusive boolean NOT NULL,
    action text,
    digest bytea NOT NULL,
    parameters text NOT NULL,
    message text NOT NULL,
    session_role name DEFAULT SESSION_USER NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    salt uuid DEFAULT gen_random_uuid() NOT NULL
);


ALTER TABLE postern_internal.ticket OWNER TO postern_owner;

--
-- Name: TABLE ticket; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.ticket IS 'Verdicts of authentications, readable only by a later transaction. nonce: of the answered challenge, as text, because each pass compares it with a setting. exclusive: whether the ticket opens only its own gate. digest and parameters: what was approved; parameters are the text of a jsonb. locked_until: -infinity if nothing is locked. salt: for the log entries of the passes that the ticket opens. It is drawn here, because a pass would pay 3 microseconds for its own.';


--
-- Name: overdue_upkeep; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.overdue_upkeep AS
 SELECT 'warn'::text AS level,
    'overdue_upkeep'::text AS code,
    u.object,
    'Nobody does upkeep'::text AS title,
    u.detail,
    'select postern.maintain(''1 minute'');'::text AS fix
   FROM ( SELECT ('posting combinations of company '::text || quote_ident(b.company)) AS object,
            format('%s new posting combinations are not in the maps. Each query of this company''s users evaluates them, which takes some %s ms.'::text, sum((n.ids - b.folded)), round((sum((n.ids - b.folded)) * 0.0007))) AS detail
           FROM (postern_internal.combination_block b
             CROSS JOIN LATERAL ( SELECT COALESCE(((max(p.posting_combination_id) - b.first_id) + 1), (b.given)::bigint) AS ids
                   FROM postern.posting_combination p
                  WHERE ((p.company = b.company) AND (p.posting_combination_id >= (b.first_id + b.given)) AND (p.posting_combination_id < (b.first_id + b.size)))) n)
          WHERE ((b.company IS NOT NULL) AND ((NOT b.counted) OR (b.folded < b.given)))
          GROUP BY b.company
         HAVING (sum((n.ids - b.folded)) > (10000)::numeric)
        UNION ALL
         SELECT w.duty,
            format('%s%s rows should have been deleted, the oldest since %s. They take space: some %s.'::text,
                CASE
                    WHEN (w.waiting >= 100000) THEN 'More than '::text
                    ELSE ''::text
                END, w.waiting, to_char((w.since AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI "UTC"'::text), pg_size_pretty(
                CASE w.duty
                    WHEN 'expired tickets'::text THEN (pg_total_relation_size('postern_internal.ticket'::regclass) + pg_total_relation_size('postern_internal.open_gate'::regclass))
                    ELSE pg_total_relation_size('postern_internal.event_delivery'::regclass)
                END)) AS format
           FROM postern.waiting_upkeep() w(duty, waiting, since)
          WHERE ((w.waiting >= 10000) AND (w.since < (now() - '1 day'::interval)) AND (w.duty = ANY (ARRAY['expired tickets'::text, 'event deliveries'::text])))) u;


ALTER TABLE postern_internal.overdue_upkeep OWNER TO postern_owner;

--
-- Name: VIEW overdue_upkeep; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.overdue_upkeep IS 'Check of postern.doctor: companies with more than 10,000 posting combinations that no map has, and 10,000 tickets or deliveries that should have been deleted. Months without a partition are missing_log_partition.';


--
-- Name: owner_membership; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.owner_membership AS
 SELECT DISTINCT 'error'::text AS level,
    'owner_membership'::text AS code,
    ('role '::text || quote_ident((v.rolname)::text)) AS object,
    'A role may become the owner of Postern'::text AS title,
    'Only during an installation has postern_owner a member: it reads all keys and may change everything.'::text AS detail,
    format('revoke postern_owner from %I;'::text, v.rolname) AS fix
   FROM (postern_internal.role_membership m
     JOIN pg_roles v ON ((v.oid = m.last_member)))
  WHERE (m.roleid = (to_regrole('postern_owner'::text))::oid)
UNION ALL
 SELECT DISTINCT 'error'::text AS level,
    'owner_membership'::text AS code,
    ('role '::text || quote_ident((v.rolname)::text)) AS object,
    'A role may act as postern_event_function'::text AS title,
    'Only during an installation has postern_event_function a member: it owns the function that takes the worker''s rights away, and may call every function for events.'::text AS detail,
    format('revoke postern_event_function from %I;'::text, v.rolname) AS fix
   FROM (postern_internal.role_membership m
     JOIN pg_roles v ON ((v.oid = m.last_member)))
  WHERE (m.roleid = (to_regrole('postern_event_function'::text))::oid)
UNION ALL
 SELECT 'error'::text AS level,
    'owner_membership'::text AS code,
    'role postern_event_function'::text AS object,
    'Functions that events call have more than their owner''s rights'::text AS title,
    format('Role postern_event_function is a member of %s, and must not be a member of any role.'::text, quote_ident((r.rolname)::text)) AS detail,
    format('revoke %I from postern_event_function;'::text, r.rolname) AS fix
   FROM (pg_auth_members m
     JOIN pg_roles r ON ((r.oid = m.roleid)))
  WHERE (m.member = (to_regrole('postern_event_function'::text))::oid);


ALTER TABLE postern_internal.owner_membership OWNER TO postern_owner;

--
-- Name: VIEW owner_membership; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.owner_membership IS 'Check of postern.doctor: members of postern_owner and of postern_event_function, and roles that the latter is a member of.';


--
-- Name: policy_per_row; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.policy_per_row AS
 WITH called AS (
         SELECT y.oid,
            y.polrelid,
            y.polname,
            t.identity,
            string_agg(DISTINCT i.identity, ', '::text) AS functions,
            array_agg(DISTINCT f.oid) AS function_oids,
            bool_and(((f.pronargs = 0) OR ((n.nspname = 'user_finance_api'::name) AND (f.proname = ANY (ARRAY['is_authorized'::name, 'is_user_authorized'::name]))))) AS known
           FROM ((((((pg_policy y
             JOIN pg_class c ON ((c.oid = y.polrelid)))
             CROSS JOIN LATERAL postern.functions_per_row(y.oid) r_1(function, takes_column))
             JOIN pg_proc f ON ((f.oid = r_1.function)))
             JOIN pg_namespace n ON ((n.oid = f.pronamespace)))
             CROSS JOIN LATERAL pg_identify_object(('pg_proc'::regclass)::oid, f.oid, 0) i(type, schema, name, identity))
             CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, c.oid, 0) t(type, schema, name, identity))
          WHERE ((c.relowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid) AND (c.relpersistence <> 't'::"char") AND (y.polname <> ALL (ARRAY['postern_company'::name, 'postern_ledger'::name, 'postern_permit'::name])) AND (EXISTS ( SELECT
                   FROM pg_depend d
                  WHERE ((d.classid = ('pg_policy'::regclass)::oid) AND (d.objid = y.oid) AND (d.refclassid = ('pg_proc'::regclass)::oid)))) AND (n.nspname <> 'pg_catalog'::name) AND (f.provolatile = 's'::"char") AND ((NOT r_1.takes_column) OR (f.proowner = (to_regrole('postern_owner'::text))::oid)))
          GROUP BY y.oid, y.polrelid, y.polname, t.identity
        ), rewritten AS (
         SELECT k.oid,
            k.polrelid,
            k.polname,
            k.identity,
            k.functions,
            k.function_oids,
            k.known,
            postern.conditions_once_a_query(k.oid, k.function_oids) AS conditions
           FROM called k
        )
 SELECT 'warn'::text AS level,
    'policy_per_row'::text AS code,
    format('policy %I on %s'::text, r.polname, r.identity) AS object,
    'A policy calls a function for each row'::text AS title,
    format('It calls %s for each row that a query reads; in a sub-select it would be called once per query.'::text, r.functions) AS detail,
        CASE
            WHEN (r.known AND (r.conditions IS NOT NULL)) THEN format('alter policy %I on %s %s;'::text, r.polname, r.identity, r.conditions)
            ELSE format('Protect the table by postern.protect_company or postern.protect_ledger; or put each call of %s that needs no column of the row into a sub-select, as in (select postern.current_userid()).'::text, r.functions)
        END AS fix
   FROM rewritten r;


ALTER TABLE postern_internal.policy_per_row OWNER TO postern_owner;

--
-- Name: VIEW policy_per_row; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.policy_per_row IS 'Check of postern.doctor: policies of applications that call a function for each row although one call per query would do.';


--
-- Name: replication_role; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.replication_role AS
 SELECT
        CASE
            WHEN (EXISTS ( SELECT
               FROM postern_internal.application_login a
              WHERE (a.oid = r.oid))) THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'replication_role'::text AS code,
    ('role '::text || quote_ident((r.rolname)::text)) AS object,
    'A role may copy the whole server'::text AS title,
    format('It logs in and %s: with a base backup or a replication slot it gets all rows of all databases, including the keys of Postern.'::text,
        CASE
            WHEN r.rolreplication THEN 'has REPLICATION'::text
            ELSE 'is a member of rds_replication'::text
        END) AS detail,
    concat_ws(' '::text,
        CASE
            WHEN r.rolreplication THEN format('alter role %I noreplication;'::text, r.rolname)
            ELSE NULL::text
        END, ( SELECT string_agg(format('revoke rds_replication from %I;'::text, v.rolname), ' '::text ORDER BY v.rolname) AS string_agg
           FROM (postern_internal.role_membership m
             JOIN pg_roles v ON ((v.oid = m.last_member)))
          WHERE ((m.member = r.oid) AND (m.roleid = (to_regrole('rds_replication'::text))::oid)))) AS fix
   FROM pg_roles r
  WHERE (r.rolcanlogin AND (NOT r.rolsuper) AND (r.rolreplication OR (EXISTS ( SELECT
           FROM postern_internal.role_membership m
          WHERE ((m.member = r.oid) AND (m.roleid = (to_regrole('rds_replication'::text))::oid))))) AND ((pg_get_userbyid((10)::oid) <> 'rdsadmin'::name) OR (r.rolname <> 'rdsrepladmin'::name)) AND ((pg_get_userbyid((10)::oid) <> 'cloudsqladmin'::name) OR (r.rolname <> 'cloudsqlreplica'::name)) AND ((pg_get_userbyid((10)::oid) <> 'azuresu'::name) OR (r.rolname <> 'replication'::name)));


ALTER TABLE postern_internal.replication_role OWNER TO postern_owner;

--
-- Name: VIEW replication_role; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.replication_role IS 'Check of postern.doctor: login roles with REPLICATION, except superusers, which bypassing_role reports.';


--
-- Name: row_function; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.row_function AS
 WITH guarded AS MATERIALIZED (
         SELECT p.relation,
            p.identity,
            p.relowner
           FROM postern_internal.protected_relation p
        ), expression(relation, classid, objid, place) AS MATERIALIZED (
         SELECT x.indrelid,
            ('pg_class'::regclass)::oid AS oid,
            x.indexrelid,
            ('index '::text || quote_ident((c.relname)::text)) AS "?column?"
           FROM (pg_index x
             JOIN pg_class c ON ((c.oid = x.indexrelid)))
          WHERE ((x.indexprs IS NOT NULL) OR (x.indpred IS NOT NULL))
        UNION ALL
         SELECT k.conrelid,
            'pg_constraint'::regclass AS regclass,
            k.oid,
            ('constraint '::text || quote_ident((k.conname)::text))
           FROM pg_constraint k
          WHERE ((k.contype = ANY (ARRAY['c'::"char", 'x'::"char"])) AND (k.conrelid <> (0)::oid))
        UNION ALL
         SELECT a.attrelid,
            'pg_constraint'::regclass AS regclass,
            k.oid,
            (('constraint '::text || quote_ident((k.conname)::text)) || ' of a domain'::text)
           FROM (pg_constraint k
             JOIN pg_attribute a ON ((a.atttypid = k.contypid)))
          WHERE (k.contypid <> (0)::oid)
        UNION ALL
         SELECT f_1.adrelid,
            'pg_attrdef'::regclass AS regclass,
            f_1.oid,
            ('column '::text || quote_ident((a.attname)::text))
           FROM (pg_attrdef f_1
             JOIN pg_attribute a ON (((a.attrelid = f_1.adrelid) AND (a.attnum = f_1.adnum))))
          WHERE (a.attgenerated <> ''::"char")
        UNION ALL
         SELECT s.stxrelid,
            'pg_statistic_ext'::regclass AS regclass,
            s.oid,
            ('statistics '::text || quote_ident((s.stxname)::text))
           FROM pg_statistic_ext s
          WHERE (s.stxexprs IS NOT NULL)
        UNION ALL
         SELECT t.partrelid,
            'pg_class'::regclass AS regclass,
            t.partrelid,
            'partition key'::text AS place
           FROM pg_partitioned_table t
          WHERE (t.partexprs IS NOT NULL)
        ), used(function, relation, place) AS (
         SELECT
                CASE
                    WHEN (d.refclassid = ('pg_proc'::regclass)::oid) THEN d.refobjid
                    ELSE (o.oprcode)::oid
                END AS oprcode,
            e.relation,
            e.place
           FROM (((guarded g
             JOIN expression e ON ((e.relation = g.relation)))
             JOIN pg_depend d ON (((d.classid = e.classid) AND (d.objid = e.objid) AND (d.refclassid = ANY (ARRAY[('pg_proc'::regclass)::oid, ('pg_operator'::regclass)::oid])))))
             LEFT JOIN pg_operator o ON (((d.refclassid = ('pg_operator'::regclass)::oid) AND (o.oid = d.refobjid))))
        UNION
         SELECT d.refobjid,
            y.polrelid,
            ('policy '::text || quote_ident((y.polname)::text))
           FROM ((guarded g
             JOIN pg_policy y ON (((y.polrelid = g.relation) AND (y.polname <> ALL (ARRAY['postern_company'::name, 'postern_ledger'::name, 'postern_permit'::name])))))
             JOIN pg_depend d ON (((d.classid = ('pg_policy'::regclass)::oid) AND (d.objid = y.oid) AND (d.refclassid = ('pg_proc'::regclass)::oid))))
          WHERE (EXISTS ( SELECT
                   FROM postern.functions_per_row(y.oid) r(function, takes_column)
                  WHERE ((r.function = d.refobjid) AND r.takes_column)))
        UNION
         SELECT p.oid,
            t.tgrelid,
            ('trigger '::text || quote_ident((t.tgname)::text))
           FROM ((guarded g
             JOIN pg_trigger t ON (((t.tgrelid = g.relation) AND (NOT t.tgisinternal))))
             JOIN pg_proc p ON (((p.oid = t.tgfoid) AND (p.proowner <> g.relowner))))
        ), suspect AS (
         SELECT p.oid,
            p.proowner,
            p.prosecdef,
            string_agg(((u.place || ' of '::text) || g.identity), ', '::text ORDER BY g.identity, u.place) AS places
           FROM (((used u
             JOIN guarded g ON ((g.relation = u.relation)))
             JOIN pg_proc p ON ((p.oid = u.function)))
             JOIN pg_roles o ON (((o.oid = p.proowner) AND (NOT o.rolsuper))))
          WHERE ((p.proowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid) AND ((p.prosqlbody IS NULL) OR (EXISTS ( SELECT
                   FROM pg_depend d
                  WHERE ((d.classid = ('pg_proc'::regclass)::oid) AND (d.objid = p.oid) AND (d.refclassid = ANY (ARRAY[('pg_class'::regclass)::oid, ('pg_proc'::regclass)::oid])))))) AND (NOT (EXISTS ( SELECT
                   FROM pg_depend d
                  WHERE ((d.classid = ('pg_proc'::regclass)::oid) AND (d.objid = p.oid) AND (d.deptype = 'e'::"char"))))))
          GROUP BY p.oid, p.proowner, p.prosecdef
        )
 SELECT 'warn'::text AS level,
    'row_function'::text AS code,
    ('function '::text || i.identity) AS object,
    'A function gets rows that row security hides'::text AS title,
    format('It belongs to %s and is used by %s: it may store or reveal the rows that it gets, of any company, in transactions of others.'::text, quote_ident((pg_get_userbyid(f.proowner))::text), f.places) AS detail,
    format('Read it. If it only computes, give it to a role that nobody can use to change it: %salter function %s owner to %I;'::text,
        CASE
            WHEN f.prosecdef THEN format('alter function %s security invoker; '::text, i.identity)
            ELSE ''::text
        END, i.identity, pg_get_userbyid((10)::oid)) AS fix
   FROM (suspect f
     CROSS JOIN LATERAL pg_identify_object(('pg_proc'::regclass)::oid, f.oid, 0) i(type, schema, name, identity));


ALTER TABLE postern_internal.row_function OWNER TO postern_owner;

--
-- Name: VIEW row_function; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.row_function IS 'Check of postern.doctor: functions of non-superusers in indexes, constraints, generated columns, statistics, partition keys and policies of protected tables, and triggers with functions of strangers.';


--
-- Name: scheme; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.scheme (
    scheme text NOT NULL,
    verify_function text,
    enabled boolean DEFAULT true NOT NULL,
    CONSTRAINT scheme_scheme_check CHECK ((scheme ~ '^[A-Z][A-Z0-9_]{0,29}$'::text))
);


ALTER TABLE postern_internal.scheme OWNER TO postern_owner;

--
-- Name: TABLE scheme; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.scheme IS 'Ways to authenticate at a checkpoint. A function (userid text, response text, challenge jsonb) returns boolean gives the verdict; the built-in PIN has none here. The function is stored by name, as text, because pg_upgrade refuses tables with a regprocedure.';


--
-- Name: server_version; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.server_version AS
 SELECT f.level,
    'server_version'::text AS code,
    f.object,
    f.title,
    f.detail,
    f.fix
   FROM postern.server_finding((current_setting('server_version_num'::text))::integer) f(level, object, title, detail, fix);


ALTER TABLE postern_internal.server_version OWNER TO postern_owner;

--
-- Name: VIEW server_version; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.server_version IS 'Check of postern.doctor: holes of this minor release, as listed by postern.row_security_holes.';


--
-- Name: session_setting; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.session_setting AS
 WITH risks(name, is_risk, level, title, problem, default_value) AS (
         VALUES ('session_replication_role'::text,'^replica$'::text,'error'::text,'No trigger runs'::text,'neither those that keep the log as it is nor those that refuse TRUNCATE, and no foreign key is checked'::text,'origin'::text), ('row_security'::text,'^(off|false|no|0)$'::text,'warn'::text,'Protected tables cannot be read'::text,'each query of a protected table fails instead of showing the rows of the user''s companies'::text,'on'::text), ('exit_on_error'::text,'^(on|true|yes|1)$'::text,'warn'::text,'Each error ends the connection'::text,'even the one that asks for a PIN; and the end of a connection can reveal what an error message may not'::text,'off'::text), ('standard_conforming_strings'::text,'^(off|false|no|0)$'::text,'warn'::text,'A backslash has a meaning in strings'::text,'whoever quotes a value by the standard lets it end its string, and what follows is executed'::text,'on'::text)
        ), entries AS (
         SELECT s.setrole,
            s.setdatabase,
            lower(split_part(c.assignment, '='::text, 1)) AS name,
            substr(c.assignment, (strpos(c.assignment, '='::text) + 1)) AS value
           FROM (pg_db_role_setting s
             CROSS JOIN LATERAL unnest(s.setconfig) c(assignment))
          WHERE (s.setdatabase = ANY (ARRAY[(0)::oid, ( SELECT d.oid
                   FROM pg_database d
                  WHERE (d.datname = current_database()))]))
        ), found AS (
         SELECT e.setrole,
            e.setdatabase,
            e.name,
            e.value,
            r.level,
            r.title,
            r.problem
           FROM (entries e
             JOIN risks r ON ((r.name = e.name)))
          WHERE (lower(e.value) ~ r.is_risk)
        UNION ALL
         SELECT e.setrole,
            e.setdatabase,
            e.name,
            e.value,
            'warn'::text AS level,
            'A setting of Postern''s is set for whole connections'::text AS title,
            'Postern sets it for one transaction, and takes a value that it did not set for a forged session'::text AS problem
           FROM entries e
          WHERE (e.name ~~ 'postern.%'::text)
        )
 SELECT f.level,
    'session_setting'::text AS code,
        CASE
            WHEN ((f.setrole = (0)::oid) AND (f.setdatabase = (0)::oid)) THEN 'all roles'::text
            WHEN (f.setrole = (0)::oid) THEN ('database '::text || quote_ident((current_database())::text))
            WHEN (f.setdatabase = (0)::oid) THEN ('role '::text || quote_ident((r.rolname)::text))
            ELSE format('role %I in database %I'::text, r.rolname, current_database())
        END AS object,
    f.title,
    format('%s = %s: %s.'::text, f.name, f.value, f.problem) AS detail,
    (
        CASE
            WHEN ((f.setrole = (0)::oid) AND (f.setdatabase <> (0)::oid)) THEN format('alter database %I'::text, current_database())
            ELSE (('alter role '::text ||
            CASE
                WHEN (f.setrole = (0)::oid) THEN 'all'::text
                ELSE quote_ident((r.rolname)::text)
            END) ||
            CASE
                WHEN (f.setdatabase <> (0)::oid) THEN format(' in database %I'::text, current_database())
                ELSE ''::text
            END)
        END || format(' reset %s;'::text, ( SELECT string_agg(quote_ident(part.part), '.'::text) AS string_agg
           FROM string_to_table(f.name, '.'::text) part(part)))) AS fix
   FROM (found f
     LEFT JOIN pg_roles r ON ((r.oid = f.setrole)))
  WHERE ((f.setrole = (0)::oid) OR (r.rolcanlogin AND ((f.name = 'session_replication_role'::text) OR (EXISTS ( SELECT
           FROM postern_internal.working_login l
          WHERE (l.oid = r.oid))))))
UNION ALL
 SELECT k.level,
    'session_setting'::text AS code,
    ('database '::text || quote_ident((current_database())::text)) AS object,
    k.title,
    format('%s = %s for the whole server: %s.'::text, k.name, g.reset_val, k.problem) AS detail,
    format('alter database %I set %I = %L;'::text, current_database(), k.name, k.default_value) AS fix
   FROM (risks k
     JOIN pg_settings g ON ((g.name = k.name)))
  WHERE ((g.source <> ALL (ARRAY['client'::text, 'user'::text, 'database user'::text, 'database'::text])) AND (lower(g.reset_val) ~ k.is_risk) AND (NOT (EXISTS ( SELECT
           FROM entries e
          WHERE ((e.name = k.name) AND (e.setrole = (0)::oid))))));


ALTER TABLE postern_internal.session_setting OWNER TO postern_owner;

--
-- Name: VIEW session_setting; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.session_setting IS 'Check of postern.doctor: settings of logins, of this database, of logins in it and of the server that disable what Postern relies on.';


--
-- Name: stale_protection; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.stale_protection AS
 SELECT 'warn'::text AS level,
    'stale_protection'::text AS code,
    format('table %I.%I'::text, p.schema_name, p.table_name) AS object,
    'A table or column that is listed as protected does not exist'::text AS title,
        CASE
            WHEN (c.oid IS NULL) THEN 'There is no such table: it was dropped, renamed or moved. A new table with that name would be listed but open.'::text
            ELSE format('The table has no column %s: it was renamed or dropped. If it was renamed, the policy uses the new name.'::text, k.missing)
        END AS detail,
        CASE
            WHEN (c.oid IS NULL) THEN format('delete from postern.protected_table where schema_name = %L and table_name = %L;'::text, p.schema_name, p.table_name)
            ELSE format('In one transaction: select postern.unprotect(%L); and postern.protect_%s again, with the present names of the columns.'::text, i.identity, p.protection)
        END AS fix
   FROM (((postern_internal.protected_table p
     LEFT JOIN (pg_class c
     JOIN pg_namespace n ON ((n.oid = c.relnamespace))) ON (((n.nspname = p.schema_name) AND (c.relname = p.table_name) AND (c.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])))))
     CROSS JOIN LATERAL ( SELECT string_agg(quote_ident((name.name)::text), ', '::text) AS missing
           FROM unnest(ARRAY[p.company_column, p.combination_column, p.ledger_column]) name(name)
          WHERE ((name.name IS NOT NULL) AND (NOT (EXISTS ( SELECT
                   FROM pg_attribute a
                  WHERE ((a.attrelid = c.oid) AND (a.attname = name.name) AND (NOT a.attisdropped))))))) k)
     LEFT JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, c.oid, 0) i(type, schema, name, identity) ON ((c.oid IS NOT NULL)))
  WHERE ((c.oid IS NULL) OR (k.missing IS NOT NULL));


ALTER TABLE postern_internal.stale_protection OWNER TO postern_owner;

--
-- Name: VIEW stale_protection; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.stale_protection IS 'Check of postern.doctor: tables and columns in postern.protected_table that do not exist.';


--
-- Name: statement_logging; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.statement_logging AS
 WITH read AS (
         SELECT s.rolname,
            s.alter,
            s.settings,
            ((s.settings ->> 'log_parameter_max_length'::text) !~ '^\s*0+\s*[a-z]*$'::text) AS shows_values,
            ((EXISTS ( SELECT
                   FROM pg_settings g
                  WHERE (g.name = 'auto_explain.log_min_duration'::text))) OR (concat_ws(','::text, (s.settings ->> 'shared_preload_libraries'::text), (s.settings ->> 'session_preload_libraries'::text), (s.settings ->> 'local_preload_libraries'::text)) ~ '\mauto_explain\M'::text)) AS has_auto_explain,
            COALESCE(((s.settings ->> 'auto_explain.log_verbose'::text) = ANY (ARRAY['on'::text, 'true'::text, 'yes'::text, '1'::text])), false) AS is_verbose,
            (COALESCE((s.settings ->> 'auto_explain.log_parameter_max_length'::text),
                CASE
                    WHEN ((current_setting('server_version_num'::text))::integer >= 160000) THEN '-1'::text
                    ELSE '0'::text
                END) !~ '^\s*0+\s*[a-z]*$'::text) AS explains_parameters,
            d.statement,
            d.sample,
            d.explain
           FROM (postern_internal.application_setting s
             CROSS JOIN LATERAL ( SELECT max(t.kind) FILTER (WHERE (t.name = 'log_min_duration_statement'::text)) AS statement,
                    max(t.kind) FILTER (WHERE ((t.name = 'log_min_duration_sample'::text) AND ((s.settings ->> 'log_statement_sample_rate'::text) ~ '[1-9]'::text))) AS sample,
                    max(t.kind) FILTER (WHERE (t.name = 'auto_explain.log_min_duration'::text)) AS explain
                   FROM ( SELECT v.key AS name,
                                CASE
                                    WHEN (v.value ~ '^\s*-'::text) THEN 'off'::text
                                    WHEN ((v.value ~ '^\s*0+\s*[a-z]*$'::text) OR (v.value ~ '^\s*\d{1,2}\s*(ms)?$'::text) OR (v.value ~ 'us$'::text)) THEN 'all'::text
                                    ELSE 'slow'::text
                                END AS kind
                           FROM jsonb_each_text(s.settings) v(key, value)) t) d)
        ), judged AS (
         SELECT r.rolname,
            r.alter,
            r.settings,
            r.shows_values,
            r.has_auto_explain,
            r.is_verbose,
            r.explains_parameters,
            r.statement,
            r.sample,
            r.explain,
            (((r.settings ->> 'log_statement'::text) = 'all'::text) OR (r.statement = 'all'::text) OR (r.sample = 'all'::text) OR ((r.settings ->> 'log_transaction_sample_rate'::text) ~ '[1-9]'::text)) AS logs_all,
            ((r.statement = 'slow'::text) OR (r.sample = 'slow'::text)) AS logs_slow,
            ((r.settings ->> 'debug_print_plan'::text) = ANY (ARRAY['on'::text, 'true'::text, 'yes'::text, '1'::text])) AS prints_plans,
            ((r.settings ->> 'debug_print_parse'::text) = ANY (ARRAY['on'::text, 'true'::text, 'yes'::text, '1'::text])) AS prints_parse,
            ((r.settings ->> 'debug_print_rewritten'::text) = ANY (ARRAY['on'::text, 'true'::text, 'yes'::text, '1'::text])) AS prints_rewritten,
            (e.explains AND (r.explain = 'all'::text)) AS explains_all,
            (e.explains AND (r.is_verbose OR r.explains_parameters)) AS explains_values,
            COALESCE(((r.settings ->> 'pg_stat_monitor.pgsm_normalized_query'::text) = ANY (ARRAY['off'::text, 'false'::text, 'no'::text, '0'::text])), false) AS monitors_values,
            COALESCE((((r.settings ->> 'pgaudit.log_parameter'::text) = ANY (ARRAY['on'::text, 'true'::text, 'yes'::text, '1'::text])) AND ((r.settings ->> 'pgaudit.log'::text) !~ '^\s*(none)?\s*$'::text)), false) AS audits_values
           FROM (read r
             CROSS JOIN LATERAL ( SELECT COALESCE((r.has_auto_explain AND (r.explain <> 'off'::text) AND (COALESCE((r.settings ->> 'auto_explain.sample_rate'::text), '1'::text) ~ '[1-9]'::text)), false) AS explains) e)
        )
 SELECT
        CASE
            WHEN ((j.logs_all AND j.shows_values) OR j.prints_plans OR (j.explains_all AND j.explains_values) OR j.audits_values OR j.monitors_values) THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'statement_logging'::text AS code,
    COALESCE(('role '::text || quote_ident((j.rolname)::text)), ('database '::text || quote_ident((current_database())::text))) AS object,
        CASE
            WHEN ((NOT (j.logs_all OR j.logs_slow)) AND (NOT j.prints_plans) AND (NOT j.prints_parse) AND (NOT j.prints_rewritten) AND (NOT j.explains_all) AND (NOT j.explains_values) AND (NOT j.audits_values)) THEN 'A view shows PINs'::text
            WHEN ((NOT ((j.logs_all OR j.logs_slow) AND j.shows_values)) AND (NOT j.prints_plans) AND (NOT j.explains_values) AND (NOT j.audits_values)) THEN 'The server log gets PINs that are not bound'::text
            ELSE 'The server log gets PINs'::text
        END AS title,
    format('%s. Set: %s.'::text, concat_ws('; '::text,
        CASE
            WHEN (j.logs_all AND j.shows_values) THEN 'It gets statements with their bound values'::text
            ELSE NULL::text
        END,
        CASE
            WHEN (j.logs_slow AND (NOT j.logs_all) AND j.shows_values) THEN 'It gets slow statements with their bound values, and an authentication that has to wait is slow'::text
            ELSE NULL::text
        END,
        CASE
            WHEN (j.logs_all AND (NOT j.shows_values)) THEN 'It gets statements as they were sent'::text
            ELSE NULL::text
        END,
        CASE
            WHEN j.prints_plans THEN 'It gets plans, and values in them'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ((j.prints_parse OR j.prints_rewritten) AND (NOT j.prints_plans)) THEN 'It gets statements as they were parsed'::text
            ELSE NULL::text
        END,
        CASE
            WHEN j.explains_values THEN 'auto_explain writes bound values'::text
            ELSE NULL::text
        END,
        CASE
            WHEN (j.explains_all AND (NOT j.explains_values)) THEN 'auto_explain writes statements as they were sent'::text
            ELSE NULL::text
        END,
        CASE
            WHEN j.monitors_values THEN 'pg_stat_monitor keeps bound values'::text
            ELSE NULL::text
        END,
        CASE
            WHEN j.audits_values THEN 'pgaudit writes bound values'::text
            ELSE NULL::text
        END), ( SELECT string_agg(((v.key || ' = '::text) || v.value), ', '::text ORDER BY v.key) AS string_agg
           FROM jsonb_each_text(j.settings) v(key, value)
          WHERE ((v.key <> 'log_parameter_max_length_on_error'::text) AND ((v.key !~ '^log_min_|^auto_explain.log_min_'::text) OR (v.value !~ '^\s*-'::text)) AND ((v.key !~ '_preload_libraries$'::text) OR (v.value ~ '\mauto_explain\M'::text)) AND ((v.key !~ '^debug_print_'::text) OR (v.value = ANY (ARRAY['on'::text, 'true'::text, 'yes'::text, '1'::text])))))) AS detail,
    concat_ws(' '::text,
        CASE
            WHEN ((j.logs_all OR j.logs_slow) AND j.shows_values) THEN (j.alter || ' set log_parameter_max_length = 0;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN ((j.settings ->> 'log_statement'::text) = 'all'::text) THEN (j.alter || ' set log_statement = ''ddl'';'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN (j.statement = 'all'::text) THEN (j.alter || ' set log_min_duration_statement = ''1s'';'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN (j.sample = 'all'::text) THEN (j.alter || ' set log_min_duration_sample = -1;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN ((j.settings ->> 'log_transaction_sample_rate'::text) ~ '[1-9]'::text) THEN (j.alter || ' set log_transaction_sample_rate = 0;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN j.prints_plans THEN (j.alter || ' set debug_print_plan = off;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN j.prints_parse THEN (j.alter || ' set debug_print_parse = off;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN j.prints_rewritten THEN (j.alter || ' set debug_print_rewritten = off;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN (j.explains_values AND j.is_verbose) THEN (j.alter || ' set auto_explain.log_verbose = off;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN (j.explains_values AND j.explains_parameters) THEN (j.alter || ' set auto_explain.log_parameter_max_length = 0;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN j.explains_all THEN (j.alter || ' set auto_explain.log_min_duration = ''1s'';'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN j.monitors_values THEN (j.alter || ' set pg_stat_monitor.pgsm_normalized_query = on;'::text)
            ELSE NULL::text
        END,
        CASE
            WHEN j.audits_values THEN (j.alter || ' set pgaudit.log_parameter = off;'::text)
            ELSE NULL::text
        END) AS fix
   FROM judged j
  WHERE (j.logs_all OR (j.logs_slow AND j.shows_values) OR j.prints_plans OR j.prints_parse OR j.prints_rewritten OR j.explains_all OR j.explains_values OR j.audits_values OR j.monitors_values);


ALTER TABLE postern_internal.statement_logging OWNER TO postern_owner;

--
-- Name: VIEW statement_logging; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.statement_logging IS 'Check of postern.doctor: settings that send PINs to the server log, or to a view.';


--
-- Name: table_privilege; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.table_privilege AS
 WITH guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        )
 SELECT 'warn'::text AS level,
    'table_privilege'::text AS code,
    ('table '::text || p.identity) AS object,
    'Roles other than the owner have rights that bypass row security'::text AS title,
    format('%s: REFERENCES reveals which rows exist, TRUNCATE removes all of them, TRIGGER runs code in transactions of others.'::text, g.held) AS detail,
    format('revoke truncate, references, trigger on %s from %s cascade;'::text, p.identity, g.grantees) AS fix
   FROM ((guarded p
     JOIN pg_class c ON ((c.oid = p.relation)))
     CROSS JOIN LATERAL ( SELECT string_agg(DISTINCT ((e.privilege_type || ' to '::text) || e.name), ', '::text) AS held,
            string_agg(DISTINCT e.name, ', '::text) AS grantees
           FROM ( SELECT x.privilege_type,
                        CASE
                            WHEN (x.grantee = (0)::oid) THEN 'public'::text
                            ELSE quote_ident((pg_get_userbyid(x.grantee))::text)
                        END AS name
                   FROM (( SELECT c.relacl AS acl
                        UNION ALL
                         SELECT a.attacl
                           FROM pg_attribute a
                          WHERE ((a.attrelid = c.oid) AND (a.attacl IS NOT NULL))) s
                     CROSS JOIN LATERAL aclexplode(s.acl) x(grantor, grantee, privilege_type, is_grantable))
                  WHERE ((x.privilege_type = ANY (ARRAY['TRUNCATE'::text, 'REFERENCES'::text, 'TRIGGER'::text])) AND (x.grantee <> c.relowner))) e) g)
  WHERE (g.held IS NOT NULL);


ALTER TABLE postern_internal.table_privilege OWNER TO postern_owner;

--
-- Name: VIEW table_privilege; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.table_privilege IS 'Check of postern.doctor: TRUNCATE, REFERENCES and TRIGGER on protected tables, granted to roles other than their owner.';


--
-- Name: trigger_switch; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.trigger_switch AS
 SELECT DISTINCT 'error'::text AS level,
    'trigger_switch'::text AS code,
    ('role '::text || COALESCE(quote_ident((r.rolname)::text), 'public'::text)) AS object,
    'An application may disable all triggers'::text AS title,
    'It may set session_replication_role: then no trigger runs, neither those that keep the log as it is nor those that refuse TRUNCATE.'::text AS detail,
    format('revoke set on parameter session_replication_role from %s cascade;'::text, COALESCE(quote_ident((r.rolname)::text), 'public'::text)) AS fix
   FROM ((pg_parameter_acl p
     CROSS JOIN LATERAL aclexplode(p.paracl) x(grantor, grantee, privilege_type, is_grantable))
     LEFT JOIN pg_roles r ON ((r.oid = x.grantee)))
  WHERE ((p.parname = 'session_replication_role'::text) AND (x.privilege_type = 'SET'::text) AND ((x.grantee = (0)::oid) OR (EXISTS ( SELECT
           FROM postern_internal.application_login a
          WHERE ((a.oid = x.grantee) OR (EXISTS ( SELECT
                   FROM postern_internal.role_membership m
                  WHERE ((m.member = a.oid) AND (m.roleid = x.grantee)))))))));


ALTER TABLE postern_internal.trigger_switch OWNER TO postern_owner;

--
-- Name: VIEW trigger_switch; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.trigger_switch IS 'Check of postern.doctor: roles of applications that may set session_replication_role.';


--
-- Name: unforced_row_security; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unforced_row_security AS
 WITH guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        )
 SELECT 'error'::text AS level,
    'unforced_row_security'::text AS code,
    ('table '::text || p.identity) AS object,
    'The owner of the table reads the rows of all companies'::text AS title,
    format('Row security is not forced on the owner, %s.'::text, quote_ident((pg_get_userbyid(p.relowner))::text)) AS detail,
    format('alter table %s force row level security;'::text, p.identity) AS fix
   FROM guarded p
  WHERE (p.relrowsecurity AND (NOT p.relforcerowsecurity) AND (EXISTS ( SELECT
           FROM pg_policy y
          WHERE ((y.polrelid = p.relation) AND (y.polname = p.policy)))));


ALTER TABLE postern_internal.unforced_row_security OWNER TO postern_owner;

--
-- Name: VIEW unforced_row_security; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unforced_row_security IS 'Check of postern.doctor: protected tables whose policies do not apply to their owner.';


--
-- Name: unlisted_protection; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unlisted_protection AS
 WITH guarded AS MATERIALIZED (
         SELECT p.relation
           FROM postern_internal.protected_relation p
        )
 SELECT 'warn'::text AS level,
    'unlisted_protection'::text AS code,
    ('table '::text || i.identity) AS object,
    'The table has a policy of Postern but is not listed'::text AS title,
    format('It was renamed, moved or restored since it was protected: it has the policy %I, but postern.protected_table does not list it. Partitions added later are not watched.'::text, y.polname) AS detail,
        CASE
            WHEN ((y.polname = 'postern_company'::name) AND (cardinality(k.columns) = 1)) THEN format('select postern.protect_company(%L, %L);'::text, i.identity, k.columns[1])
            ELSE format('Protect %s again, with the columns that its policy names: select postern.protect_ledger(table, company_column, combination_column, ledger_column);'::text, i.identity)
        END AS fix
   FROM (((pg_policy y
     JOIN pg_class c ON ((c.oid = y.polrelid)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, c.oid, 0) i(type, schema, name, identity))
     CROSS JOIN LATERAL ( SELECT array_agg(DISTINCT a.attname) AS columns
           FROM (pg_depend d
             JOIN pg_attribute a ON (((a.attrelid = y.polrelid) AND (a.attnum = d.refobjsubid))))
          WHERE ((d.classid = ('pg_policy'::regclass)::oid) AND (d.objid = y.oid) AND (d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = y.polrelid))) k)
  WHERE ((y.polname = ANY (ARRAY['postern_company'::name, 'postern_ledger'::name])) AND (c.relowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid) AND (NOT (EXISTS ( SELECT
           FROM pg_inherits h
          WHERE (h.inhrelid = c.oid)))) AND (NOT (EXISTS ( SELECT
           FROM guarded p
          WHERE (p.relation = c.oid)))) AND (NOT (EXISTS ( SELECT
           FROM (postern_internal.protected_table p
             JOIN pg_namespace n ON ((n.nspname = p.schema_name)))
          WHERE ((n.oid = c.relnamespace) AND (p.table_name = c.relname))))));


ALTER TABLE postern_internal.unlisted_protection OWNER TO postern_owner;

--
-- Name: VIEW unlisted_protection; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unlisted_protection IS 'Check of postern.doctor: tables with a policy of Postern that are not in postern.protected_table.';


--
-- Name: unpinned_search_path; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unpinned_search_path AS
 SELECT
        CASE
            WHEN (o.rolsuper OR o.rolbypassrls OR (o.rolname = 'postern_owner'::name)) THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'unpinned_search_path'::text AS code,
    ((i.type || ' '::text) || i.identity) AS object,
    'The caller of the function decides what its names mean'::text AS title,
    format('It runs as %s but uses its caller''s search_path.'::text, quote_ident((o.rolname)::text)) AS detail,
    format('alter %s %s set search_path = %s;'::text,
        CASE p.prokind
            WHEN 'p'::"char" THEN 'procedure'::text
            ELSE 'function'::text
        END, i.identity, concat_ws(', '::text, 'pg_catalog',
        CASE
            WHEN (NOT s.is_open) THEN quote_ident((n.nspname)::text)
            ELSE NULL::text
        END,
        CASE
            WHEN ((n.nspname <> 'public'::name) AND (EXISTS ( SELECT
               FROM pg_namespace u
              WHERE ((u.nspname = 'public'::name) AND (NOT (EXISTS ( SELECT
                       FROM aclexplode(u.nspacl) a(grantor, grantee, privilege_type, is_grantable)
                      WHERE ((a.grantee = (0)::oid) AND (a.privilege_type = 'CREATE'::text))))))))) THEN 'public'::text
            ELSE NULL::text
        END, 'pg_temp')) AS fix
   FROM (((((pg_proc p
     JOIN pg_namespace n ON ((n.oid = p.pronamespace)))
     JOIN pg_roles o ON ((o.oid = p.proowner)))
     JOIN pg_language l ON ((l.oid = p.prolang)))
     CROSS JOIN LATERAL ( SELECT (EXISTS ( SELECT
                   FROM aclexplode(n.nspacl) a(grantor, grantee, privilege_type, is_grantable)
                  WHERE ((a.grantee = (0)::oid) AND (a.privilege_type = 'CREATE'::text)))) AS is_open) s)
     CROSS JOIN LATERAL pg_identify_object(('pg_proc'::regclass)::oid, p.oid, 0) i(type, schema, name, identity))
  WHERE (p.prosecdef AND (NOT (EXISTS ( SELECT
           FROM unnest(p.proconfig) c(c)
          WHERE (c.c ~~* 'search_path=%'::text)))) AND (p.prosqlbody IS NULL) AND (l.lanname <> ALL (ARRAY['c'::name, 'internal'::name])) AND (n.nspname <> ALL (ARRAY['pg_catalog'::name, 'information_schema'::name])) AND (n.nspname !~ '^pg_temp'::text) AND (NOT (EXISTS ( SELECT
           FROM pg_depend d
          WHERE ((d.classid = ('pg_proc'::regclass)::oid) AND (d.objid = p.oid) AND (d.deptype = 'e'::"char"))))));


ALTER TABLE postern_internal.unpinned_search_path OWNER TO postern_owner;

--
-- Name: VIEW unpinned_search_path; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unpinned_search_path IS 'Check of postern.doctor: SECURITY DEFINER functions that use their caller''s search_path.';


--
-- Name: unprotectable_company; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unprotectable_company AS
 WITH guarded AS MATERIALIZED (
         SELECT p.relation
           FROM postern_internal.protected_relation p
        )
 SELECT 'warn'::text AS level,
    'unprotectable_company'::text AS code,
    ('table '::text || i.identity) AS object,
    'Everybody with a grant reads the rows of all companies, and the table cannot be protected as it is'::text AS title,
    format('The column %I is %s; to be protected it must be %s.'::text, k.attname, format_type(k.atttypid, k.atttypmod), ( SELECT string_agg(format_type((t.type)::oid, NULL::integer), ', '::text ORDER BY t."position") AS string_agg
           FROM unnest(postern.protectable_types('company_column'::text)) WITH ORDINALITY t(type, "position"))) AS detail,
    format('Give the column a type that can be protected, for example: alter table %s alter column %I type text using %I::text; then call postern.protect_company(%L, %L).'::text, i.identity, k.attname, k.attname, i.identity, k.attname) AS fix
   FROM (postern_internal.company_column k
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, k.relation, 0) i(type, schema, name, identity))
  WHERE ((k.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])) AND (NOT k.relrowsecurity) AND (NOT k.is_protectable) AND (k.typcategory = ANY (ARRAY['N'::"char", 'S'::"char", 'E'::"char", 'U'::"char"])) AND (NOT (EXISTS ( SELECT
           FROM pg_inherits h
          WHERE (h.inhrelid = k.relation)))) AND (NOT (EXISTS ( SELECT
           FROM guarded p
          WHERE (p.relation = k.relation)))));


ALTER TABLE postern_internal.unprotectable_company OWNER TO postern_owner;

--
-- Name: VIEW unprotectable_company; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unprotectable_company IS 'Check of postern.doctor: tables with a company column of a type that protect_company does not accept.';


--
-- Name: unprotected_company; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unprotected_company AS
 WITH guarded AS MATERIALIZED (
         SELECT p.relation
           FROM postern_internal.protected_relation p
        ), open AS (
         SELECT k.relation AS oid,
            k.attname AS company_column,
            ( SELECT l_1.attname
                   FROM pg_attribute l_1
                  WHERE ((l_1.attrelid = k.relation) AND (l_1.attname = 'posting_combination_id'::name) AND (NOT l_1.attisdropped) AND (l_1.atttypid = ANY ((postern.protectable_types('combination_column'::text))::oid[])))) AS combination_column,
            ( SELECT l_1.attname
                   FROM (pg_attribute l_1
                     JOIN pg_type lt ON ((lt.oid = l_1.atttypid)))
                  WHERE ((l_1.attrelid = k.relation) AND (l_1.attname = 'ledger_id'::name) AND (NOT l_1.attisdropped) AND ((lt.typoutput)::oid = ANY ((ARRAY( SELECT b.typoutput
                           FROM pg_type b
                          WHERE (b.oid = ANY ((postern.protectable_types('ledger_column'::text))::oid[]))))::oid[])))) AS ledger_column,
            COALESCE(l.collisdeterministic, true) AS comparable
           FROM (postern_internal.company_column k
             LEFT JOIN pg_collation l ON ((l.oid = k.attcollation)))
          WHERE ((k.relkind = ANY (ARRAY['r'::"char", 'p'::"char"])) AND (NOT k.relrowsecurity) AND k.is_protectable AND (NOT (EXISTS ( SELECT
                   FROM pg_inherits i_1
                  WHERE (i_1.inhrelid = k.relation)))) AND (NOT (EXISTS ( SELECT
                   FROM guarded p
                  WHERE (p.relation = k.relation)))))
        )
 SELECT 'warn'::text AS level,
    'unprotected_company'::text AS code,
    ('table '::text || i.identity) AS object,
    'Everybody with a grant reads the rows of all companies'::text AS title,
    format('The table has the column %I and no row security.'::text, o.company_column) AS detail,
        CASE
            WHEN (NOT o.comparable) THEN format('Give the column a deterministic collation, for example: alter table %s alter column %I type text collate "default"; then call postern.protect_company(%L, %L).'::text, i.identity, o.company_column, i.identity, o.company_column)
            WHEN (o.combination_column IS NULL) THEN format('select postern.protect_company(%L, %L);'::text, i.identity, o.company_column)
            ELSE format('select postern.protect_ledger(%L, %L, %L%s);'::text, i.identity, o.company_column, o.combination_column, (', '::text || quote_literal((o.ledger_column)::text)))
        END AS fix
   FROM (open o
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, o.oid, 0) i(type, schema, name, identity));


ALTER TABLE postern_internal.unprotected_company OWNER TO postern_owner;

--
-- Name: VIEW unprotected_company; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unprotected_company IS 'Check of postern.doctor: tables with a company column and without row security.';


--
-- Name: unprotected_parent; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unprotected_parent AS
 WITH RECURSIVE guarded AS MATERIALIZED (
         SELECT p.relation,
            p.place,
            p.recorded,
            p.protection,
            p.company_column,
            p.combination_column,
            p.ledger_column,
            p.policy,
            p.relowner,
            p.relrowsecurity,
            p.relforcerowsecurity,
            p.identity,
            p.protect_again
           FROM postern_internal.protected_relation p
        ), carrier AS MATERIALIZED (
         SELECT DISTINCT y.polrelid AS relation
           FROM (pg_policy y
             JOIN pg_class c ON ((c.oid = y.polrelid)))
          WHERE ((y.polname = ANY (ARRAY['postern_company'::name, 'postern_ledger'::name])) AND (c.relowner IS DISTINCT FROM (to_regrole('postern_owner'::text))::oid))
        ), above(relation) AS (
         SELECT i.inhparent
           FROM (pg_inherits i
             JOIN carrier c ON ((c.relation = i.inhrelid)))
        UNION
         SELECT i.inhparent
           FROM (pg_inherits i
             JOIN above a ON ((a.relation = i.inhrelid)))
        )
 SELECT 'error'::text AS level,
    'unprotected_parent'::text AS code,
    ('table '::text || p.identity) AS object,
    'A protected table is read through this one, without its policy'::text AS title,
    format('%s is protected and became a part of this table, which has no policy %I itself.'::text, t.identity, p.policy) AS detail,
    p.protect_again AS fix
   FROM (guarded p
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, p.recorded, 0) t(type, schema, name, identity))
  WHERE ((p.place = 'above'::text) AND (NOT (EXISTS ( SELECT
           FROM pg_policy y
          WHERE ((y.polrelid = p.relation) AND (y.polname = p.policy))))))
UNION ALL
 SELECT 'error'::text AS level,
    'unprotected_parent'::text AS code,
    ('table '::text || t.identity) AS object,
    'A protected table is read through this one, without its policy'::text AS title,
    format('It has no policy from Postern itself, and is a parent of %s, which is protected through another table. If it has the columns, protect it as well instead.'::text, e.first_part) AS detail,
    e.leave AS fix
   FROM (((( SELECT a.relation
           FROM above a
        EXCEPT
         SELECT c_1.relation
           FROM carrier c_1
        EXCEPT
         SELECT p.relation
           FROM guarded p
          WHERE (p.place = 'above'::text)) o
     JOIN pg_class c ON ((c.oid = o.relation)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, o.relation, 0) t(type, schema, name, identity))
     CROSS JOIN LATERAL ( SELECT min(i.identity) AS first_part,
            string_agg(
                CASE
                    WHEN (c.relkind = 'p'::"char") THEN format('alter table %s detach partition %s;'::text, t.identity, i.identity)
                    ELSE format('alter table %s no inherit %s;'::text, i.identity, t.identity)
                END, ' '::text ORDER BY i.identity) AS leave
           FROM (( SELECT r_1.inhrelid
                   FROM pg_inherits r_1
                  WHERE ((r_1.inhparent = o.relation) AND ((r_1.inhrelid IN ( SELECT k.relation
                           FROM carrier k)) OR (r_1.inhrelid IN ( SELECT k.relation
                           FROM above k))))) r
             CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, r.inhrelid, 0) i(type, schema, name, identity))) e);


ALTER TABLE postern_internal.unprotected_parent OWNER TO postern_owner;

--
-- Name: VIEW unprotected_parent; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unprotected_parent IS 'Check of postern.doctor: tables without a policy above a table that is protected in any way.';


--
-- Name: unprotected_partition; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.unprotected_partition AS
 WITH guarded AS MATERIALIZED (
         SELECT p_1.relation,
            p_1.place,
            p_1.recorded,
            p_1.protection,
            p_1.company_column,
            p_1.combination_column,
            p_1.ledger_column,
            p_1.policy,
            p_1.relowner,
            p_1.relrowsecurity,
            p_1.relforcerowsecurity,
            p_1.identity,
            p_1.protect_again
           FROM postern_internal.protected_relation p_1
        )
 SELECT 'error'::text AS level,
    'unprotected_partition'::text AS code,
    ('table '::text || p.identity) AS object,
    'Everybody with a grant on this table reads the rows of all companies'::text AS title,
    format('The table was added below %s, which is protected, and has no policy %I itself.'::text, t.identity, p.policy) AS detail,
    p.protect_again AS fix
   FROM ((guarded p
     JOIN pg_class c ON ((c.oid = p.relation)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, p.recorded, 0) t(type, schema, name, identity))
  WHERE ((p.place = 'below'::text) AND (c.relkind <> 'f'::"char") AND (NOT (EXISTS ( SELECT
           FROM pg_policy y
          WHERE ((y.polrelid = p.relation) AND (y.polname = p.policy))))));


ALTER TABLE postern_internal.unprotected_partition OWNER TO postern_owner;

--
-- Name: VIEW unprotected_partition; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.unprotected_partition IS 'Check of postern.doctor: partitions and inheriting tables of protected tables that lack the policy.';


--
-- Name: user_without_pin; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.user_without_pin AS
 SELECT 'warn'::text AS level,
    'user_without_pin'::text AS code,
    ('user '::text || u.userid) AS object,
    'A user cannot pass any gate'::text AS title,
    format('The user is active and has no PIN; active gates: %s.'::text, g.active) AS detail,
    format('Have an administrator give the user a first PIN: %s; or, if nobody works as this user: select postern.set_user_active(%L, false);'::text,
        CASE
            WHEN (u.userid ~ '^[A-Za-z0-9_][A-Za-z0-9_.@-]*$'::text) THEN ('postern user reset-pin '::text || u.userid)
            ELSE format('select postern.reset_pin(%L, ...)'::text, u.userid)
        END, u.userid) AS fix
   FROM ((postern_internal.end_user u
     JOIN postern_internal.credential c ON ((c.userid = u.userid)))
     CROSS JOIN ( SELECT count(*) AS active
           FROM postern_internal.gate a
          WHERE (a.stops AND (NOT a.built_in))) g)
  WHERE (u.active AND (c.hash IS NULL) AND (g.active > 0) AND (NOT (EXISTS ( SELECT
           FROM postern_internal.scheme s
          WHERE (s.enabled AND (s.scheme <> 'PIN'::text))))));


ALTER TABLE postern_internal.user_without_pin OWNER TO postern_owner;

--
-- Name: VIEW user_without_pin; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.user_without_pin IS 'Check of postern.doctor: active users without a PIN while gates are active.';


--
-- Name: view_without_security_invoker; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.view_without_security_invoker AS
 WITH guarded AS MATERIALIZED (
         SELECT g_1.relation,
            g_1.identity
           FROM postern_internal.guarded_table g_1
        ), reading AS MATERIALIZED (
         SELECT w.ev_class,
            string_agg(DISTINCT g_1.identity, ', '::text) AS tables
           FROM ((guarded g_1
             JOIN pg_depend d ON (((d.refclassid = ('pg_class'::regclass)::oid) AND (d.refobjid = g_1.relation) AND (d.classid = ('pg_rewrite'::regclass)::oid))))
             JOIN pg_rewrite w ON ((w.oid = d.objid)))
          GROUP BY w.ev_class
        )
 SELECT
        CASE
            WHEN (o.rolsuper OR o.rolbypassrls) THEN 'error'::text
            ELSE 'warn'::text
        END AS level,
    'view_without_security_invoker'::text AS code,
    ('view '::text || i.identity) AS object,
        CASE
            WHEN (o.rolsuper OR o.rolbypassrls) THEN 'Everybody with a grant on this view reads the rows of all companies'::text
            ELSE 'The view reads protected tables with the rights of its owner'::text
        END AS title,
    format('It reads %s as %s%s.'::text, g.tables, quote_ident((o.rolname)::text),
        CASE
            WHEN (o.rolsuper OR o.rolbypassrls) THEN ', who bypasses row security'::text
            ELSE ''::text
        END) AS detail,
    format('alter view %s set (security_invoker = true);'::text, i.identity) AS fix
   FROM (((pg_class v
     JOIN pg_roles o ON ((o.oid = v.relowner)))
     JOIN reading g ON ((g.ev_class = v.oid)))
     CROSS JOIN LATERAL pg_identify_object(('pg_class'::regclass)::oid, v.oid, 0) i(type, schema, name, identity))
  WHERE ((v.relkind = 'v'::"char") AND (o.rolname <> 'postern_owner'::name) AND (NOT (EXISTS ( SELECT
           FROM pg_options_to_table(v.reloptions) x(option_name, option_value)
          WHERE ((x.option_name = 'security_invoker'::text) AND (x.option_value)::boolean)))));


ALTER TABLE postern_internal.view_without_security_invoker OWNER TO postern_owner;

--
-- Name: VIEW view_without_security_invoker; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.view_without_security_invoker IS 'Check of postern.doctor: views over protected tables that check their owner instead of the user.';


--
-- Name: catalog_findings; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.catalog_findings AS
 SELECT f.level,
    f.code,
    f.object,
    f.title,
    postern.finding_detail(f.detail, f.code) AS detail,
    postern.printable_statement(f.fix) AS fix
   FROM ( SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.changed_protection f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unprotected_partition f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unprotected_parent f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unforced_row_security f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.no_permissive_policy f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unprotected_company f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unprotectable_company f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unlisted_protection f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.stale_protection f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.view_without_security_invoker f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.materialized_view f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.foreign_table f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.logical_replication f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.table_privilege f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.missing_membership f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.foreign_key_action f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.application_owns_table f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.policy_per_row f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.row_function f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.missing_ledger_key f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.unpinned_search_path f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.definer_function f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.bypassing_role f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.bypassing_membership f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.owner_membership f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.all_data_role f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.replication_role f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.admin_application f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.trigger_switch f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.session_setting f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.server_version f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.statement_logging f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.error_logging f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.old_session_key f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.moved_session_key f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.moved_login f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.disabled_checkpoints f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.user_without_pin f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.look_alike_user f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.changed_gate f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.gate_message f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.event_backlog f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.disabled_event_action f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.moved_event f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.missing_log_partition f_1
        UNION ALL
         SELECT f_1.level,
            f_1.code,
            f_1.object,
            f_1.title,
            f_1.detail,
            f_1.fix
           FROM postern_internal.overdue_upkeep f_1) f;


ALTER TABLE postern.catalog_findings OWNER TO postern_owner;

--
-- Name: VIEW catalog_findings; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.catalog_findings IS 'For postern.doctor and postern doctor: what is left unprotected, except the calls of gates; columns as in postern.doctor.';


--
-- Name: gate_findings(jsonb); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.gate_findings(callers jsonb) RETURNS SETOF postern.catalog_findings
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_gate_callers(callers);
  return query
    select f.level, f.code, f.object, f.title, postern.finding_detail(f.detail, f.code), postern.printable_statement(f.fix)
      from (
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_not_registered(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_not_called(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_not_referenced(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_unreadable(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_swallowed(callers) as g
       union all
      select g.level, g.code, g.object, g.title, g.detail, g.fix from postern_internal.gate_late(callers) as g
      ) as f;
end
$$;


ALTER FUNCTION postern.gate_findings(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_findings(callers jsonb); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.gate_findings(callers jsonb) IS 'For postern.doctor and postern doctor: findings from comparing the calls of gates with the present registrations; columns as in postern.doctor. callers: an array with one object for each function, or event of a relation, that calls a gate, begins an action, or leads to a gate in a block with a handler: name; gates, each with id and line; actions, those that it begins; reached, the gates that it leads to if it begins one; unknowable, whether it may call any gate; unreadable, why it cannot be parsed, otherwise empty; late, the calls of gates behind a write, each with id, line, and the line of the write; swallowed, the calls in a block whose handler keeps the error of a gate from the client, each with line, the line of the block, the first gates to which it leads, and how many more there are. Errors: PS107 argument.';


--
-- Name: installation; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.installation (
    installation_id bigint NOT NULL,
    version text NOT NULL,
    schema_version integer NOT NULL,
    schema_sha256 text NOT NULL,
    code_sha256 text NOT NULL,
    code_objects text[] NOT NULL,
    built_at timestamp with time zone,
    server_major integer NOT NULL,
    installed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    installed_by name DEFAULT SESSION_USER NOT NULL
);


ALTER TABLE postern_internal.installation OWNER TO postern_owner;

--
-- Name: TABLE installation; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--



--
-- Name: gate_fingerprint(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.gate_fingerprint() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    BEGIN ATOMIC
 WITH schema AS (
          SELECT n.oid,
             n.nspname,
             (pg_get_userbyid(n.nspowner) = 'postern_owner'::name) AS is_posterns
            FROM pg_namespace n
           WHERE ((n.nspname <> ALL (ARRAY['pg_catalog'::name, 'information_schema'::name])) AND (n.nspname !~ '^pg_t(oast|emp)'::text))
         ), relation AS (
          SELECT c.oid,
             n.nspname,
             c.relname
            FROM (pg_class c
              JOIN schema n ON ((n.oid = c.relnamespace)))
           WHERE ((c.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'v'::"char", 'm'::"char", 'f'::"char"])) AND (NOT n.is_posterns))
         ), code AS (
          SELECT r.ev_class AS relation,
             (ROW('rule', r.rulename, r.ev_type, r.ev_enabled, r.is_instead, r.ev_qual, r.ev_action))::text AS content
            FROM pg_rewrite r
         UNION ALL
          SELECT t.tgrelid,
             (ROW('trigger', t.tgname, t.tgfoid, t.tgtype, t.tgqual))::text AS "row"
            FROM (pg_trigger t
              JOIN pg_proc p ON ((p.oid = t.tgfoid)))
           WHERE ((NOT t.tgisinternal) AND (t.tgenabled <> 'D'::"char") AND ((t.tgqual IS NOT NULL) OR (NOT (p.pronamespace IN ( SELECT n.oid
                    FROM schema n
                   WHERE n.is_posterns)))))
         UNION ALL
          SELECT d.adrelid,
             (ROW('default', d.adnum, a.attgenerated, d.adbin))::text AS "row"
            FROM (pg_attrdef d
              JOIN pg_attribute a ON (((a.attrelid = d.adrelid) AND (a.attnum = d.adnum))))
           WHERE (EXISTS ( SELECT
                    FROM pg_depend p
                   WHERE ((p.classid = ('pg_attrdef'::regclass)::oid) AND (p.objid = d.oid) AND (p.refclassid = ('pg_proc'::regclass)::oid))))
         UNION ALL
          SELECT k.conrelid,
             (ROW('check', k.conname, k.conbin))::text AS "row"
            FROM pg_constraint k
           WHERE ((k.contype = 'c'::"char") AND (EXISTS ( SELECT
                    FROM pg_depend p
                   WHERE ((p.classid = ('pg_constraint'::regclass)::oid) AND (p.objid = k.oid) AND (p.refclassid = ('pg_proc'::regclass)::oid)))))
         UNION ALL
          SELECT p.polrelid,
             (ROW('policy', p.polname, p.polcmd, p.polqual, p.polwithcheck))::text AS "row"
            FROM pg_policy p
           WHERE (EXISTS ( SELECT
                    FROM ((pg_depend d
                      LEFT JOIN pg_proc f ON (((d.refclassid = ('pg_proc'::regclass)::oid) AND (f.oid = d.refobjid))))
                      LEFT JOIN pg_class c ON (((d.refclassid = ('pg_class'::regclass)::oid) AND (c.oid = d.refobjid))))
                   WHERE ((d.classid = ('pg_policy'::regclass)::oid) AND (d.objid = p.oid) AND (d.refobjid <> p.polrelid) AND ((d.refclassid = ('pg_operator'::regclass)::oid) OR (NOT (COALESCE(f.pronamespace, c.relnamespace) IN ( SELECT n.oid
                            FROM schema n
                           WHERE n.is_posterns)))))))
         ), edge AS (
          SELECT i.inhparent AS parent,
             i.inhrelid AS child,
             'inherits'::text AS content
            FROM pg_inherits i
         UNION ALL
          SELECT k.confrelid,
             k.conrelid,
             (ROW('key', k.confdeltype, k.confupdtype))::text AS "row"
            FROM pg_constraint k
           WHERE ((k.contype = 'f'::"char") AND ((k.confdeltype = ANY (ARRAY['c'::"char", 'n'::"char", 'd'::"char"])) OR (k.confupdtype = ANY (ARRAY['c'::"char", 'n'::"char", 'd'::"char"]))))
         ), line AS (
          SELECT (ROW('function', n.nspname, p.proname, p.proargtypes, p.proallargtypes, p.proargmodes, p.proargnames, p.pronargdefaults, p.proargdefaults, p.provariadic, p.prokind, p.prolang, p.prorettype, p.proretset, p.proconfig, p.prosrc, p.prosqlbody, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn))::text AS content
            FROM ((pg_proc p
              JOIN schema n ON ((n.oid = p.pronamespace)))
              LEFT JOIN pg_aggregate a ON (((a.aggfnoid)::oid = p.oid)))
           WHERE (NOT n.is_posterns)
         UNION ALL
          SELECT (ROW('operator', n.nspname, o.oprname, o.oprcode))::text AS "row"
            FROM (pg_operator o
              JOIN schema n ON ((n.oid = o.oprnamespace)))
         UNION ALL
          SELECT (ROW('relation', r.nspname, r.relname, c.content))::text AS "row"
            FROM (code c
              JOIN relation r ON ((r.oid = c.relation)))
         UNION ALL
          SELECT (ROW('edge', p.nspname, p.relname, r.nspname, r.relname, e.content))::text AS "row"
            FROM ((edge e
              JOIN relation p ON ((p.oid = e.parent)))
              JOIN relation r ON ((r.oid = e.child)))
           WHERE ((e.child IN ( SELECT c.relation
                    FROM code c)) OR (e.child IN ( SELECT other.parent
                    FROM edge other)))
         UNION ALL
          SELECT (ROW('names', r.relname, array_agg(r.nspname ORDER BY r.nspname)))::text AS "row"
            FROM relation r
           GROUP BY r.relname
          HAVING (count(*) > 1)
         UNION ALL
          SELECT (ROW('version', ((current_setting('server_version_num'::text))::integer / 10000), ( SELECT i.code_sha256
                    FROM postern_internal.installation i
                   ORDER BY i.installation_id DESC
                  LIMIT 1)))::text AS "row"
         ), hashed AS (
          SELECT encode(sha256(convert_to(l.content, getdatabaseencoding())), 'hex'::text) AS hash
            FROM line l
         )
  SELECT encode(sha256(convert_to(string_agg(h.hash, ''::text ORDER BY h.hash), getdatabaseencoding())), 'hex'::text) AS encode
    FROM hashed h;
END;


ALTER FUNCTION postern.gate_fingerprint() OWNER TO postern_owner;

--
-- Name: FUNCTION gate_fingerprint(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.gate_fingerprint() IS 'For postern doctor: a hash over everything from which it reads which functions reach which gates. It changes when functions, operators, views, triggers, rules, defaults, checks or policies that may lead to a gate are created, changed or dropped.';


--
-- Name: grant_company(text, text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.grant_company(userid text, company text, is_default boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid, 'PS201');
  perform postern_internal.require_company(company);
  -- A user has one default company; the lock on the user's row keeps two changes of it apart.
  perform from postern_internal.end_user as e where e.userid = grant_company.userid for no key update;
  if is_default then
    update postern_internal.company_user as u
       set is_default = false
     where u.userid = grant_company.userid and u.is_default and u.company <> grant_company.company;
  end if;
  insert into postern_internal.company_user as u (userid, company, is_default)
  values (userid, company, coalesce(is_default, false))
  on conflict on constraint company_user_pkey do update
     set is_default = excluded.is_default or u.is_default;
end
$$;


ALTER FUNCTION postern.grant_company(userid text, company text, is_default boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION grant_company(userid text, company text, is_default boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.grant_company(userid text, company text, is_default boolean) IS 'Makes a user a user of a company. is_default: true makes it the user''s default company instead of any other; false leaves the default unchanged. Granting twice is harmless. Errors: PS201 no such user, no such company.';


--
-- Name: grant_ledger(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.grant_ledger(company text, ledger_id text, userid text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  userid := postern.resolve_userid(userid);
  perform postern.require_company_user(company, userid);
  insert into postern_internal.ledger_user (userid, company, ledger_id)
  values (userid, company, ledger_id)
  on conflict do nothing;
end
$$;


ALTER FUNCTION postern.grant_ledger(company text, ledger_id text, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION grant_ledger(company text, ledger_id text, userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.grant_ledger(company text, ledger_id text, userid text) IS 'Connects a user of a company to one of its internal ledgers. Granting twice is harmless. Ends when the user is no longer a user of the company. Errors: PS201 no such company, no user of it, PS301 no such ledger.';


--
-- Name: has_new_combinations(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.has_new_combinations() RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  last_id constant bigint := substring(current_setting('postern.last_combination', true), '^[0-9]{1,18}$')::bigint;
  current_user_id text;
begin
  if last_id is null then
    return false;
  end if;
  current_user_id := postern.current_userid();
  return not exists (
    select
      from (select b.company
              from postern_internal.combination_block as b
             where b.first_id <= last_id
             order by b.first_id desc
             limit 1) as b
      join postern_internal.company_user as u on u.company = b.company and u.userid = current_user_id
      join postern.posting_combination as p on p.company = b.company and p.posting_combination_id = last_id);
end
$_$;


ALTER FUNCTION postern.has_new_combinations() OWNER TO postern_owner;

--
-- Name: FUNCTION has_new_combinations(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.has_new_combinations() IS 'For the policies of protect_ledger: whether this transaction has created a posting combination that the running statement does not see. Errors: PS401, PS402.';


--
-- Name: highest_log_id(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.highest_log_id() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(max(e.log_id), 0) from postern_internal.checkpoint_entry as e
$$;


ALTER FUNCTION postern.highest_log_id() OWNER TO postern_owner;

--
-- Name: FUNCTION highest_log_id(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.highest_log_id() IS 'The highest log_id in the log, 0 if the log is empty. postern.checkpoint_log may hide that entry.';


--
-- Name: internal_ledger_map(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.internal_ledger_map() RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
  map bytea;
begin
  select string_agg(c.bits, ''::bytea)
    into map
    from (select p.class_id, b.company, b.first_id, b.size, b.given, b.counted
            from postern_internal.internal_ledger_part(current_user_id) as p
            join postern_internal.combination_block as b on b.company = p.company
           order by p.part_no, b.first_id) as b
   cross join lateral (select c
                         from postern_internal.block_bits(b.company, b.class_id, b.first_id, b.size, b.given, b.counted) as c
                       offset 0) as c (bits);
  return map;
end
$$;


ALTER FUNCTION postern.internal_ledger_map() OWNER TO postern_owner;

--
-- Name: FUNCTION internal_ledger_map(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.internal_ledger_map() IS 'For the policies of protect_ledger: which posting combinations the current user may see in internal ledgers, one bit each, in parts: see internal_ledger_offsets and ledger_shifts. Errors: PS401, PS402.';


--
-- Name: internal_ledger_offsets(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.internal_ledger_offsets() RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
begin
  -- Ids of companies and ledgers have no control characters, so a key can be read in only one way.
  return (select jsonb_object_agg(p.company || chr(31) || l.ledger_id, p.end_before)
            from (select p.company, p.ledgers, sum(b.bits) over (order by p.part_no) - b.bits as end_before
                    from postern_internal.internal_ledger_part(current_user_id) as p
                   cross join lateral (select coalesce(sum(b.size), 0) as bits
                                         from postern_internal.combination_block as b
                                        where b.company = p.company) as b) as p
           cross join lateral unnest(p.ledgers) as l (ledger_id));
end
$$;


ALTER FUNCTION postern.internal_ledger_offsets() OWNER TO postern_owner;

--
-- Name: FUNCTION internal_ledger_offsets(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.internal_ledger_offsets() IS 'For the policies of protect_ledger: the bit of internal_ledger_map at which the part of each internal ledger begins. The keys are the ledgers that the current user is connected to: company, unit separator (character 31), ledger. NULL if there are none. Errors: PS401, PS402.';


--
-- Name: is_company_user(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_company_user(company text, userid text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  asking text;
begin
  if not (pg_has_role(session_user, 'postern_admin', 'usage') or pg_has_role(session_user, 'postern_auditor', 'usage')) then
    asking := postern.current_userid();
    if userid is distinct from asking
       and not exists (select from postern_internal.company_user as u where u.userid = asking and u.company = is_company_user.company) then
      return false;
    end if;
  end if;
  if exists (select
               from postern_internal.company_user as u
              where u.userid = is_company_user.userid
                and u.company = is_company_user.company) then
    return true;
  end if;
  return exists (select
                   from postern_internal.company_user as u
                  where u.userid = postern.resolve_userid(is_company_user.userid)
                    and u.company = is_company_user.company);
end
$$;


ALTER FUNCTION postern.is_company_user(company text, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_company_user(company text, userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_company_user(company text, userid text) IS 'Whether userid is a user of company. False if either is NULL or does not exist, and if the current user asks about somebody else in a company of which they are not a user themselves. A login in postern_admin or postern_auditor may ask about anybody, without an end user. Errors: PS401, PS402.';


--
-- Name: is_current_company_user(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_current_company_user(company text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return exists (select
                   from postern_internal.company_user as u
                  where u.userid = current_user_id
                    and u.company = is_current_company_user.company);
end
$$;


ALTER FUNCTION postern.is_current_company_user(company text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_current_company_user(company text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_current_company_user(company text) IS 'Whether the current user is a user of company. False if company is NULL or does not exist. Errors: PS401, PS402.';


--
-- Name: is_new_combination_allowed(text, numeric); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_new_combination_allowed(company text, posting_combination_id numeric) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER COST 1 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return postern.is_combination_allowed(company, posting_combination_id);
end
$$;


ALTER FUNCTION postern.is_new_combination_allowed(company text, posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_new_combination_allowed(company text, posting_combination_id numeric); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_new_combination_allowed(company text, posting_combination_id numeric) IS 'For the policies of protect_ledger: is_combination_allowed, where has_new_combinations. Errors: PS401, PS402.';


--
-- Name: is_new_keyed_combination_allowed(numeric); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_new_keyed_combination_allowed(posting_combination_id numeric) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER COST 1 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return postern.is_combination_allowed(postern_internal.new_combination_company(postern_internal.combination_id(posting_combination_id)),
                                        posting_combination_id);
end
$$;


ALTER FUNCTION postern.is_new_keyed_combination_allowed(posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_new_keyed_combination_allowed(posting_combination_id numeric); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_new_keyed_combination_allowed(posting_combination_id numeric) IS 'For the policies of protect_ledger if a foreign key ties the company of a row to its posting combination: is_new_combination_allowed in the combination''s company. Errors: PS401, PS402.';


--
-- Name: is_new_ledger_combination_allowed(text, text, numeric); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.is_new_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER COST 1 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return postern.is_ledger_combination_allowed(company, ledger_id, posting_combination_id);
end
$$;


ALTER FUNCTION postern.is_new_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION is_new_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.is_new_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) IS 'For the policies of protect_ledger: is_ledger_combination_allowed, where has_new_combinations. Errors: PS401, PS402.';


--
-- Name: jsonb_to_message(text, jsonb); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.jsonb_to_message(name text, object jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  message text;
begin
  if object is null or jsonb_typeof(object) <> 'object' then
    raise exception using
      errcode = 'PS107',
      message = 'The content of an IFS Message must be a jsonb object',
      detail = format('object is %s.', coalesce('of type ' || jsonb_typeof(object), 'NULL')),
      hint = 'Pass a jsonb object whose members are the attributes, for example {"DOC_NO": "100-7"}.';
  end if;

  message := postern_internal.object_to_message(name, object, 1);
  if octet_length(message) > 67108864 then
    perform postern_internal.reject_message(message);
  end if;

  return message;
end
$$;


ALTER FUNCTION postern.jsonb_to_message(name text, object jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION jsonb_to_message(name text, object jsonb); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.jsonb_to_message(name text, object jsonb) IS 'An IFS Message of this name, with the members of a jsonb object as attributes, in jsonb''s order. Strings and numbers become text, booleans TRUE and FALSE, null becomes an empty value, an object a nested message named after its key. At most 64 MiB and 16 levels. Errors: PS107 object is NULL or not an object, contains an array or a key that is not usable as a name, or is too large.';


--
-- Name: keep_gate_reading(text, jsonb); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.keep_gate_reading(fingerprint text, callers jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  maximum constant integer := 8 * 1024 * 1024;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(fingerprint, 'fingerprint', 64);
  if octet_length(callers::text) > maximum then
    raise exception using
      errcode = 'PS107',
      message = 'The reading is too large',
      detail = format('callers has %s bytes; %s are allowed.', octet_length(callers::text), maximum),
      hint = 'Run postern doctor, which shows its findings without storing a reading.';
  end if;
  perform postern_internal.require_gate_callers(callers);

  insert into postern_internal.gate_reading as r (fingerprint, callers)
  values (fingerprint, callers)
  on conflict on constraint gate_reading_pkey do update
     set fingerprint = excluded.fingerprint,
         callers = excluded.callers,
         read_at = excluded.read_at,
         read_by = excluded.read_by;
end
$$;


ALTER FUNCTION postern.keep_gate_reading(fingerprint text, callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION keep_gate_reading(fingerprint text, callers jsonb); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.keep_gate_reading(fingerprint text, callers jsonb) IS 'For postern doctor: stores a reading in place of the previous one, for postern.doctor to show. fingerprint: postern.gate_fingerprint() before the reading. callers: as for postern.gate_findings, at most 8 MB. Errors: PS107 argument.';


--
-- Name: leaf_log_ids(bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
  select min(l.log_id), max(l.log_id)
    from (select n.log_id from postern_internal.leaf as n where n.leaf_number >= first_leaf offset 0) as l
$$;


ALTER FUNCTION postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) IS 'The lowest and the highest log_id of the leaves from first_leaf on; NULL if there are none.';


--
-- Name: ledger_bounds(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ledger_bounds() RETURNS double precision[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return array(select b.bound::double precision from postern_internal.user_bounds(current_user_id) as b order by b.bound);
end
$$;


ALTER FUNCTION postern.ledger_bounds() OWNER TO postern_owner;

--
-- Name: FUNCTION ledger_bounds(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ledger_bounds() IS 'For the policies of protect_ledger: the ids at which blocks of the current user''s companies begin or end, ascending. width_bucket(id, bounds) is the position of an id in ledger_companies and ledger_shifts. Errors: PS401, PS402.';


--
-- Name: ledger_companies(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ledger_companies() RETURNS name[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return array(select b.company::name from postern_internal.user_bounds(current_user_id) as b order by b.bound);
end
$$;


ALTER FUNCTION postern.ledger_companies() OWNER TO postern_owner;

--
-- Name: FUNCTION ledger_companies(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ledger_companies() IS 'For the policies of protect_ledger: for each of ledger_bounds, the company that owns the ids from there on; empty if it is none of the current user''s. Errors: PS401, PS402.';


--
-- Name: ledger_map(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ledger_map() RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
  map bytea;
begin
  -- Uses a variable, because return (select ...) would copy the map once more.
  select string_agg(coalesce(c.bits, ''), postern_internal.zeros((b.first_id - b.end_before) / 8))
    into map
    from (select k.company, k.class_id, k.first_id, k.size, k.given, k.counted,
                 lag(k.first_id + k.size) over (order by k.first_id, k.size) as end_before
            from (select b.company, case when c.row_level_security then u.class_id end as class_id, b.first_id, b.size, b.given, b.counted
                    from postern_internal.company_user as u
                    join postern_internal.company as c on c.company = u.company
                    join postern_internal.combination_block as b on b.company = u.company
                   where u.userid = current_user_id
                     and (u.class_id is not null or not c.row_level_security)
                   union all
                  select null, null, e.id, 0, 0, false
                    from (values (0), (postern.ledger_map_size() + case when coalesce(current_setting('postern.last_combination', true), '') = '' then 131072 else 16777216 end)) as e (id)) as k) as b
    -- Blocks are sorted before their bits are looked up, so that the sort copies no bits.
    left join lateral (select c
                         from postern_internal.block_bits(b.company, b.class_id, b.first_id, b.size, b.given, b.counted) as c
                        where b.size > 0
                       offset 0) as c (bits) on true;
  return map;
end
$$;


ALTER FUNCTION postern.ledger_map() OWNER TO postern_owner;

--
-- Name: FUNCTION ledger_map(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ledger_map() IS 'For the policies of protect_ledger: which posting combinations the current user may see, one bit each: get_bit(map, posting_combination_id). Errors: PS401, PS402.';


--
-- Name: ledger_map_size(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ledger_map_size() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return coalesce((select b.first_id + b.size
                     from postern_internal.combination_block as b
                    where b.company is not null
                    order by b.first_id desc
                    limit 1), 0);
end
$$;


ALTER FUNCTION postern.ledger_map_size() OWNER TO postern_owner;

--
-- Name: FUNCTION ledger_map_size(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ledger_map_size() IS 'For the policies of protect_ledger: an id above those of all posting combinations that this statement can see.';


--
-- Name: ledger_shifts(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ledger_shifts() RETURNS bigint[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id constant text := postern.current_userid();
begin
  return array(select b.shift from postern_internal.user_bounds(current_user_id) as b order by b.bound);
end
$$;


ALTER FUNCTION postern.ledger_shifts() OWNER TO postern_owner;

--
-- Name: FUNCTION ledger_shifts(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ledger_shifts() IS 'For the policies of protect_ledger: for each of ledger_bounds, what to add to an id from there on to get its place in the company''s part of internal_ledger_map. Errors: PS401, PS402.';


--
-- Name: lock_settings(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.lock_settings() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update postern_internal.setting as s set value = s.value where s.name = 'checkpoints_enabled';
end
$$;


ALTER FUNCTION postern_internal.lock_settings() OWNER TO postern_owner;

--
-- Name: FUNCTION lock_settings(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.lock_settings() IS 'Waits until no other transaction is changing settings, gates or actions, then keeps others waiting until this one ends.';


--
-- Name: require_allowed_login(name, name); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_allowed_login(role name, other_role name DEFAULT NULL::name) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
declare
  is_member constant boolean := pg_has_role(session_user, role, 'member') or pg_has_role(session_user, 'postern_owner', 'member')
                                or other_role is not null and pg_has_role(session_user, other_role, 'member');
begin
  if not is_member then
    raise exception using
      errcode = 'insufficient_privilege',
      message = format('The login %I is not a member of %I', session_user, role),
      detail = 'Somebody else''s code called this. Only the membership of the role that logged in counts.',
      hint = format('Have a member of %I call it, or grant that role: grant %I to %I;', role, role, session_user);
  end if;
  if exists (select
               from postern_internal.allowed_login as a
              where a.db_role = session_user
                and pg_get_userbyid(a.role_oid) = a.db_role) then
    return true;
  end if;
  if exists (select from pg_roles as r where r.rolname = session_user and r.rolsuper)
     or exists (select
                  from postern_internal.allowed_login as a
                 where a.db_role = session_user
                   and a.system_identifier <> (select c.system_identifier from pg_control_system() as c)) then
    return true;
  end if;
  raise exception using
    errcode = 'insufficient_privilege',
    message = format('The login %I is not allowed to do this in database %I', session_user, current_database()),
    detail = format('Roles belong to the whole cluster. The membership of %I counts in this database only after the database has allowed the login.', session_user),
    hint = format('Have an administrator of this database, or a superuser, run: select postern.allow_login(%L);', session_user);
end
$$;


ALTER FUNCTION postern_internal.require_allowed_login(role name, other_role name) OWNER TO postern_owner;

--
-- Name: FUNCTION require_allowed_login(role name, other_role name); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_allowed_login(role name, other_role name) IS 'Returns true if session_user is a member of role, or of other_role, and may use that membership in this database; otherwise raises an error. Superusers always may. Errors: 42501.';


--
-- Name: lock_configuration(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.lock_configuration() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT postern_internal.require_allowed_login('postern_admin'::name) AS require_allowed_login;
 SELECT postern_internal.lock_settings() AS lock_settings;
END;


ALTER FUNCTION postern.lock_configuration() OWNER TO postern_owner;

--
-- Name: FUNCTION lock_configuration(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.lock_configuration() IS 'For programs that read a configuration and then change what differs. Waits until no other transaction is in progress that has called this, or has changed settings or gates. Then keeps such transactions waiting until this one ends.';


--
-- Name: log_record; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.log_record AS
 SELECT e.log_id,
    e.outcome,
    e.gate_id,
    e.action,
    e.userid,
    e.authenticated_by,
    e.logged_at,
    e.message,
    e.parameters,
    e.approved_message,
    e.comment,
    e.scheme,
    e.session_role,
    (e.client_addr)::text AS client_addr,
    e.application_name,
    e.transaction_id,
    e.ticket,
    e.asked,
    e.approved_gate_id,
    e.salt
   FROM postern_internal.checkpoint_entry e
  WHERE ((e.transaction_id IS DISTINCT FROM pg_current_xact_id_if_assigned()) OR (age(e.xmin) > 0));


ALTER TABLE postern_internal.log_record OWNER TO postern_owner;

--
-- Name: VIEW log_record; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.log_record IS 'The rows of the log except those of the current transaction. Read them in binary form, so that no setting changes the values that leaves are made of.';


--
-- Name: log_records(bigint[], bigint[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.log_records(lowest bigint[], highest bigint[]) RETURNS SETOF postern_internal.log_record
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 5000
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
begin
  return query
    select r.*
      from unnest(log_records.lowest, log_records.highest) as s (lowest, highest)
     cross join lateral (
       select e.*
         from postern_internal.log_record as e
        where e.log_id between s.lowest and s.highest
       offset 0 -- so that no plan that was made while the log was short reads all of it for each stretch
     ) as r;
end
$$;


ALTER FUNCTION postern.log_records(lowest bigint[], highest bigint[]) OWNER TO postern_owner;

--
-- Name: FUNCTION log_records(lowest bigint[], highest bigint[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.log_records(lowest bigint[], highest bigint[]) IS 'All rows of the log in ranges of log_ids, in no order, with the values that their leaves are made of. Includes rows that postern.checkpoint_log does not show, but none of the current transaction. lowest, highest: the ends of each range.';


--
-- Name: maintain(interval); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.maintain(maximum_time interval DEFAULT '00:00:01'::interval) RETURNS TABLE(duty text, work text, done bigint, remaining bigint, note text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $$
declare
  ends_at constant timestamptz := clock_timestamp() + maximum_time;
  most constant integer := 5000;  -- rows of a step
  duties constant text[] := array['posting combinations', 'expired tickets', 'event deliveries', 'log partitions'];
  works constant text[] := array[
    'blocks compiled into the maps of their classes',
    'tickets deleted, with the gates that they opened',
    'deliveries deleted that finished more than event_days ago',
    'months of the log given a partition'];
  counts bigint[] := array[0, 0, 0, 0]::bigint[];
  notes text[] := array[null, null, null, null]::text[];
  step bigint;
  block bigint;
  is_folded boolean;
begin
  -- Three roles may call this, but require_allowed_login takes only two.
  perform postern_internal.require_allowed_login(
    case when pg_has_role(session_user, 'postern_sealer', 'member') then 'postern_sealer'::name else 'postern_event_worker' end,
    'postern_admin');
  perform postern_internal.refuse_read_only();
  for n in 1 .. cardinality(duties) loop
    begin
      case duties[n]
        when 'posting combinations' then
          if current_setting('transaction_isolation') <> 'read committed' then
            notes[n] := 'The transaction is not at READ COMMITTED.';
          end if;
          loop
            select f.first_id, f.is_folded into block, is_folded from postern_internal.fold_posting_combinations(block) as f;
            exit when block is null;
            counts[n] := counts[n] + is_folded::integer;
            -- Blocks whose classes are locked are skipped, for at most a second longer.
            exit when clock_timestamp() >= ends_at + case when counts[n] > 0 then interval '0' else interval '1 second' end;
          end loop;
        when 'expired tickets' then
          loop
            step := postern_internal.delete_expired_tickets(most);
            counts[n] := counts[n] + step;
            exit when step < most or clock_timestamp() >= ends_at;
          end loop;
        when 'event deliveries' then
          loop
            step := postern_internal.prune_event_deliveries(most);
            counts[n] := counts[n] + step;
            exit when step < most or clock_timestamp() >= ends_at;
          end loop;
        when 'log partitions' then
          if exists (select from postern_internal.missing_log_months(10000)) then
            counts[n] := postern_internal.add_log_partitions(10000, interval '0')::bigint;
          end if;
      end case;
    exception
      -- A duty that fails must not stop the others.
      when lock_not_available or object_not_in_prerequisite_state then
        counts[n] := 0::bigint;
        notes[n] := sqlerrm;
    end;
  end loop;
  return query
    select duties[n], works[n], counts[n], w.waiting, notes[n]
      from generate_subscripts(duties, 1) as n
      join postern.waiting_upkeep() as w on w.duty = duties[n]
     order by n;
end
$$;


ALTER FUNCTION postern.maintain(maximum_time interval) OWNER TO postern_owner;

--
-- Name: FUNCTION maintain(maximum_time interval); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.maintain(maximum_time interval) IS 'Does one round of upkeep in one short transaction: compiles new posting combinations into maps, deletes expired tickets and finished deliveries, and creates the log''s partitions for the coming months. maximum_time: after this no further step begins; ''0'': one step of each duty. "log seal --every" and "event run" call it each minute; without them, let pg_cron do so. Returns a row for each duty: how much was done, how much remains (see postern.waiting_upkeep), and in note why something could not be done. Call it in a transaction of its own. Several sessions may call it at once; it waits for no transaction. Errors: 25006 nothing can be written, 42501 this login may not call it.';


--
-- Name: message_to_jsonb(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.message_to_jsonb(message text) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  pairs text[] := postern_internal.parse_message(message);
begin
  if pairs is null then
    perform postern_internal.reject_message(message);
  end if;

  -- A nested message starts with its header, and a value starts after the "=".
  if strpos(message collate "C", '=!') = 0 then
    return jsonb_object(pairs);
  end if;

  return postern_internal.message_object(pairs, 1);
end
$$;


ALTER FUNCTION postern.message_to_jsonb(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION message_to_jsonb(message text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.message_to_jsonb(message text) IS 'An IFS Message as a jsonb object of its attributes. A value that is itself a well-formed message, with the attribute''s name in its header, becomes a nested object; any other value is a string. At most 64 MiB and 16 levels. Errors: PS107 the message is NULL or not valid; DETAIL names the line.';


--
-- Name: open_gates(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.open_gates(ticket text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if ticket is null or octet_length(ticket) <> 36 or ticket !~ '^[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$' then
    perform postern_internal.raise_ticket_invalid('malformed',
      format('It is not a UUID but %s.', coalesce(to_jsonb(left(ticket, 128))::text, 'NULL')));
  end if;
  perform postern.open_gates(ticket::uuid);
end
$_$;


ALTER FUNCTION postern.open_gates(ticket text) OWNER TO postern_owner;

--
-- Name: FUNCTION open_gates(ticket text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.open_gates(ticket text) IS 'The same as open_gates(uuid). Errors: also PS103 if ticket is not a UUID.';


--
-- Name: open_gates(uuid); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.open_gates(ticket uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_temp'
    AS $$
begin
  -- If no user was asserted, the user is the one to whom the database role is mapped. From here on that user stays,
  -- even if an administrator maps the role to somebody else while the transaction is open.
  if not postern_internal.use_ticket(ticket, case when coalesce(current_setting('postern.session', true), '') = '' then postern.current_userid() end) then
    perform postern_internal.refuse_ticket(ticket);
  end if;
end
$$;


ALTER FUNCTION postern.open_gates(ticket uuid) OWNER TO postern_owner;

--
-- Name: FUNCTION open_gates(ticket uuid); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.open_gates(ticket uuid) IS 'Opens the gates for this transaction. ticket: from postern.authenticate, in an earlier, committed transaction of the same user and database role. The first gate reached must be the approved one, with the same parameters; after it, all others are open. Errors: PS102 wrong user name or response, PS103 the ticket is not valid, PS104 locked, PS401, PS402.';


--
-- Name: open_parents(regclass[], name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.open_parents(relations regclass[], policy name) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return (
    with recursive above (oid) as (
      select i.inhparent from pg_inherits as i where i.inhrelid = any (relations::oid[])
       union
      select i.inhparent from pg_inherits as i join above as a on a.oid = i.inhrelid
    )
    select string_agg(a.oid::regclass::text, ', ' order by a.oid)
      from above as a
     where not exists (select from pg_policy as p where p.polrelid = a.oid and p.polname = open_parents.policy));
end
$$;


ALTER FUNCTION postern.open_parents(relations regclass[], policy name) OWNER TO postern_owner;

--
-- Name: FUNCTION open_parents(relations regclass[], policy name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.open_parents(relations regclass[], policy name) IS 'For protect_... and unprotect: the tables above relations, at all levels, that lack policy, so that queries of them read relations without it; separated by commas. NULL if there are none.';


--
-- Name: open_unsealed_records(xid8[], xid8[], pg_snapshot); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot DEFAULT NULL::pg_snapshot) RETURNS refcursor
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET jit TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  unsealed refcursor := refcursor 'unsealed';
begin
  open unsealed no scroll for
    select r.*
      from unnest(lowest_transaction_ids, highest_transaction_ids) as s (lowest, highest)
     cross join lateral (
       select e.*
         from postern_internal.log_record as e
        where e.transaction_id >= s.lowest
          and e.transaction_id <= s.highest
          and (seen_by is null or pg_visible_in_snapshot(e.transaction_id, seen_by))
          and (select l.log_id from postern_internal.leaf as l where l.log_id = e.log_id) is null
        order by e.transaction_id, e.log_id
       offset 0
     ) as r;
  return unsealed;
end
$$;


ALTER FUNCTION postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot) OWNER TO postern_owner;

--
-- Name: FUNCTION open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot) IS 'Opens a cursor over the rows of the log without a leaf, in the form of postern.log_records, by transaction; returns its name. lowest_transaction_ids, highest_transaction_ids: the transactions, as ascending ranges that do not overlap. seen_by: only rows that this snapshot sees. Errors: 42P03 the cursor is open already.';


--
-- Name: posting_combination_id(text, text, text, text, text, text, text, text, text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.posting_combination_id(company text, code_a text, code_b text DEFAULT NULL::text, code_c text DEFAULT NULL::text, code_d text DEFAULT NULL::text, code_e text DEFAULT NULL::text, code_f text DEFAULT NULL::text, code_g text DEFAULT NULL::text, code_h text DEFAULT NULL::text, code_i text DEFAULT NULL::text, code_j text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
declare
  codes constant text[] := postern_internal.code_string(code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j);
  setting constant text := current_setting('postern.session', true);
  secret bytea;
  current_user_id text;
  found_id bigint;
  block record;
  first_id bigint;
  end_id bigint;
  known_id bigint;
begin
  -- An administrator who loads data has no end user.
  if not pg_has_role(session_user, 'postern_admin', 'usage') then
    select s.secret into secret from postern_internal.session_secret as s;
    current_user_id := case when postern_internal.is_proven(setting, secret) then split_part(setting, E'\t', 2) else postern.current_userid() end;
    perform from postern_internal.company_user as u where u.userid = current_user_id and u.company = posting_combination_id.company;
    if not found then
      perform postern.require_company_user(company, current_user_id);
    end if;
  end if;
  -- Plain variables, because reading ten elements from an array costs more.
  if '' in (code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j) then
    code_b := codes[2];
    code_c := codes[3];
    code_d := codes[4];
    code_e := codes[5];
    code_f := codes[6];
    code_g := codes[7];
    code_h := codes[8];
    code_i := codes[9];
    code_j := codes[10];
  end if;

  for attempt in 1 .. 100 loop
    select p.posting_combination_id
      into found_id
      from postern.posting_combination as p
     where array[p.company collate "C", p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
           = (posting_combination_id.company || codes) collate "C";
    if found then
      return found_id;
    elsif current_setting('transaction_read_only') = 'on' then
      perform postern_internal.refuse_read_only();
    end if;

    select b.first_id, b.size, b.given, b.counted
      into block
      from postern_internal.combination_block as b
     where b.given < b.size and b.company = posting_combination_id.company
     order by b.first_id
     limit 1
       for no key update skip locked;
    if not found then
      perform postern_internal.require_company(company);
      block := postern_internal.open_block(company);
    end if;
    first_id := block.first_id + block.given;
    end_id := block.first_id + block.size;
    if block.counted then
      update postern_internal.combination_block as b set counted = false where b.first_id = block.first_id;
      found_id := first_id;
    else
      known_id := case when attempt = 1 then substring(current_setting('postern.last_combination', true), '^[0-9]{1,18}$')::bigint end;
      known_id := case when known_id > first_id and known_id < end_id then known_id else first_id end;
      -- At REPEATABLE READ the last one may be newer than the snapshot: then nothing is inserted below.
      select p.posting_combination_id
        into found_id
        from postern.posting_combination as p
       where p.company = posting_combination_id.company and p.posting_combination_id >= known_id and p.posting_combination_id < end_id
       order by p.posting_combination_id desc
       limit 1;
      continue when not found and known_id > first_id;
      found_id := coalesce(found_id + 1, first_id);
    end if;

    insert into postern.posting_combination
    values (company, found_id, code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j)
    on conflict do nothing;
    -- Not inserted: somebody else has just created this code string. The next round finds it, unless it was rolled
    -- back.
    if found then
      if found_id = end_id - 1 then
        update postern_internal.combination_block as b
           set given = b.size, counted = true
         where b.first_id = block.first_id;
      end if;
      return set_config('postern.last_combination', found_id::text, true)::bigint;
    end if;
  end loop;
  raise exception using
    errcode = 'serialization_failure',
    message = 'The posting combination could not be created',
    detail = 'Other sessions keep creating this code string and rolling back.',
    hint = 'Try again.';
end
$_$;


ALTER FUNCTION postern.posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) OWNER TO postern_owner;

--
-- Name: FUNCTION posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) IS 'The id of a code string of a company; creates it if it is new. code_a, ..., code_j: each at most 20 characters; code part A is required, the others are blank if NULL or empty. Errors: PS201 no such company or not the user''s, PS301 code part A is blank or a code part is not usable, PS401, PS402; 25006 a code string is new and nothing can be written; 40001 a transaction''s snapshot is older than the code string.';


--
-- Name: protect_company(regclass, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.protect_company(target regclass, company_column name DEFAULT 'company'::name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  relation regclass;
  condition record;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  perform postern.require_protectable_column(target, 'company_column', company_column, postern.protectable_types('company_column'));
  -- From here to the end of the transaction no partition can be attached or detached.
  execute format('lock table %s in access exclusive mode', target);
  perform postern.record_protection(target, 'company', company_column, null, null);
  for relation in select p from postern.protectable_tables(target) as p loop
    condition := postern.protection_condition(relation, 'company', company_column, null, null);
    perform postern.put_policy(relation, 'postern_company', condition.using_expression, condition.check_expression);
  end loop;
  perform postern.warn_of_open_parents(target, 'postern_company');
end
$$;


ALTER FUNCTION postern.protect_company(target regclass, company_column name) OWNER TO postern_owner;

--
-- Name: FUNCTION protect_company(target regclass, company_column name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.protect_company(target regclass, company_column name) IS 'Keeps everybody, including the owner of the table, from reading or changing rows of a company of which the current user is not a user. target: a table owned by the caller; its partitions are protected with it. company_column: of type text, varchar, char, smallint, integer, bigint or uuid, or a domain over one; values of the last four match the company whose code is the canonical text of the value. Rows without a company belong to nobody. Superusers and roles with BYPASSRLS are exempt. Views over the table need security_invoker. Calling it again changes nothing, except that it includes new partitions. A WARNING names other, unprotected parents of tables below target: queries of these read the same rows. Errors: PS107 target or column can''t be protected; later, from statements on the table, PS401 if no user is known.';


--
-- Name: protect_ledger(regclass, name, name, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.protect_ledger(target regclass, company_column name DEFAULT 'company'::name, combination_column name DEFAULT 'posting_combination_id'::name, ledger_column name DEFAULT NULL::name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  relation regclass;
  condition record;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  perform postern.require_protectable_column(target, 'company_column', company_column, postern.protectable_types('company_column'));
  perform postern.require_protectable_column(target, 'combination_column', combination_column, postern.protectable_types('combination_column'));
  if ledger_column is not null then
    perform postern.require_protectable_column(target, 'ledger_column', ledger_column, postern.protectable_types('ledger_column'));
  end if;
  -- From here to the end of the transaction no partition can be attached or detached.
  execute format('lock table %s in access exclusive mode', target);
  perform postern.record_protection(target, 'ledger', company_column, combination_column, ledger_column);
  for relation in select p from postern.protectable_tables(target) as p loop
    condition := postern.protection_condition(relation, 'ledger', company_column, combination_column, ledger_column);
    perform postern.put_policy(relation, 'postern_ledger', condition.using_expression, condition.check_expression);
  end loop;
  perform postern.warn_of_open_parents(target, 'postern_ledger');
end
$$;


ALTER FUNCTION postern.protect_ledger(target regclass, company_column name, combination_column name, ledger_column name) OWNER TO postern_owner;

--
-- Name: FUNCTION protect_ledger(target regclass, company_column name, combination_column name, ledger_column name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.protect_ledger(target regclass, company_column name, combination_column name, ledger_column name) IS 'Keeps everybody, including the owner of the table, from reading or changing rows of a ledger that the current user''s companies and authority classes do not show. target: a table owned by the caller; its partitions are protected with it. company_column: of a type that protect_company accepts; combination_column: bigint, integer or numeric; ledger_column: text or varchar, for an internal ledger, whose rows are shown to users who are connected to it. A foreign key (company, posting_combination_id) to postern.posting_combination, with both columns NOT NULL, makes queries faster. Rows with unknown ids, fractions and NULLs belong to nobody. Superusers and roles with BYPASSRLS are exempt. Calling it again changes nothing, except that it includes new partitions. A WARNING names other, unprotected parents of tables below target: queries of these read the same rows. Errors: PS107 target or column can''t be protected; later, from statements on the table, PS401 if no user is known.';


--
-- Name: protectable_tables(regclass, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.protectable_tables(target regclass, with_parent boolean DEFAULT false) RETURNS SETOF regclass
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  relation record;
  parent regclass;
begin
  if target is null then
    raise exception using
      errcode = 'PS107',
      message = 'target is missing',
      detail = 'target is NULL.',
      hint = 'Pass the name of a table: ''schema.table''.';
  end if;
  select i.inhparent::regclass into parent from pg_inherits as i where i.inhrelid = target;
  if parent is not null and not with_parent then
    raise exception using
      errcode = 'PS107',
      message = format('%s cannot be protected separately', target),
      detail = format('Queries of %s read it too, with the policies of %s.', parent, parent),
      hint = format('Protect %s, which covers all tables below it. Protect it again after a partition was added.', parent);
  end if;

  for relation in
    with recursive family (oid) as (
      select target::oid
       union
      select i.inhrelid from pg_inherits as i join family as f on f.oid = i.inhparent
    )
    select f.oid, c.relkind, c.relpersistence, c.relowner, n.nspname
      from family as f
      left join pg_class as c on c.oid = f.oid
      left join pg_namespace as n on n.oid = c.relnamespace
     order by f.oid <> target, f.oid
  loop
    if relation.relkind is null then
      raise exception using
        errcode = 'PS107',
        message = 'There is no such table',
        detail = format('target is %s.', target),
        hint = 'Pass the name of a table: ''schema.table''.';
    end if;
    if relation.relowner = 'postern_owner'::regrole or relation.nspname = 'information_schema' or relation.nspname ~ '^pg_' then
      raise exception using
        errcode = 'PS107',
        message = format('%s is not a table of an application', relation.oid::regclass),
        detail = format('It is %s.', case when relation.relowner = 'postern_owner'::regrole then 'Postern''s own'
                                          when relation.relpersistence = 't' then 'temporary'
                                          else 'the system''s' end),
        hint = 'Pass a table of the application.';
    end if;
    if relation.relkind not in ('r', 'p') then
      raise exception using
        errcode = 'PS107',
        message = format('%s cannot be protected', relation.oid::regclass),
        detail = format('It is a %s; only tables can have policies.',
                        case relation.relkind when 'v' then 'view'
                                              when 'm' then 'materialized view'
                                              when 'f' then 'foreign table'
                                              when 'S' then 'sequence'
                                              when 'c' then 'type'
                                              else 'relation of another kind' end),
        hint = case relation.relkind
                 when 'v' then format('Protect the tables that it reads, and run alter view %s set (security_invoker = true); so that their policies check the user of the view.', relation.oid::regclass)
                 when 'm' then 'Revoke access to it from users: it holds rows that its owner saw. Use a view over protected tables instead.'
                 when 'f' then 'Protect the table on the server that holds it, or detach it here.'
                 else 'Pass a table.'
               end;
    end if;
    if not pg_has_role(current_user, relation.relowner, 'usage') then
      raise exception using
        errcode = 'PS107',
        message = format('%s is not yours to protect', relation.oid::regclass),
        detail = format('It belongs to %s; the caller is %I.', relation.relowner::regrole, current_user),
        hint = format('Have its owner call this: grant postern_admin to %s; set role %s;', relation.relowner::regrole, relation.relowner::regrole);
    end if;
    return next relation.oid::regclass;
  end loop;
end
$$;


ALTER FUNCTION postern.protectable_tables(target regclass, with_parent boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION protectable_tables(target regclass, with_parent boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.protectable_tables(target regclass, with_parent boolean) IS 'For protect_... and unprotect: target and all its partitions and inheriting tables. with_parent: target may itself have a parent. Errors: PS107 target is NULL, missing, Postern''s or the system''s, not a table, not the caller''s, or has a parent, or one of these is true of a partition.';


--
-- Name: protecting_tables(regclass); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.protecting_tables(relation regclass) RETURNS TABLE(target regclass, protection text, company_column name, combination_column name, ledger_column name)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return query
    with recursive above (oid) as (
      select relation::oid
       union
      select i.inhparent from pg_inherits as i join above as a on a.oid = i.inhrelid
    )
    select c.oid::regclass, p.protection, p.company_column, p.combination_column, p.ledger_column
      from above as a
      join pg_class as c on c.oid = a.oid
      join pg_namespace as n on n.oid = c.relnamespace
      join postern.protected_table as p on p.schema_name = n.nspname and p.table_name = c.relname
     order by c.oid <> relation, c.oid;
end
$$;


ALTER FUNCTION postern.protecting_tables(relation regclass) OWNER TO postern_owner;

--
-- Name: FUNCTION protecting_tables(relation regclass); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.protecting_tables(relation regclass) IS 'For protect_... and unprotect: the tables in postern.protected_table that protect relation, with their protection: relation itself, and those that it is a partition of or inherits from.';


--
-- Name: put_policy(regclass, name, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.put_policy(relation regclass, policy name, using_expression text, check_expression text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  candidate constant name := 'postern_candidate'::name;
  now_is record;
  before record;
  remark text;
  wanted record;
  same boolean;
begin
  perform postern.check_allowed_login('postern_admin');
  -- Partitions come here too; protectable_tables accepts them only together with their parents.
  if relation is null
     or not exists (select from pg_class as c where c.oid = relation and pg_has_role(current_user, c.relowner, 'usage'))
     or policy is null or policy not in ('postern_company', 'postern_ledger')
     or using_expression is null or check_expression is null then
    raise exception using
      errcode = 'PS107',
      message = 'The table or the policy is not usable',
      detail = format('relation is %s, policy is %s.', coalesce(relation::text, 'NULL'), coalesce(quote_ident(policy), 'NULL')),
      hint = 'Call postern.protect_company or postern.protect_ledger as the owner of the table: they call this.';
  end if;
  select c.relrowsecurity, c.relforcerowsecurity into strict now_is from pg_class as c where c.oid = relation;
  select b.* into strict before from postern.before_protection(relation) as b;
  remark := 'Made by Postern. Before protection: ' || jsonb_build_object('enabled', before.enabled, 'forced', before.forced, 'policies', before.policies)::text;

  for wanted in
    select policy as name, 'restrictive' as kind, using_expression as using_expression, check_expression as check_expression
     union all
    select 'postern_permit', 'permissive', format('true or (%s)', using_expression), format('true or (%s)', check_expression)
     -- A lost policy is restored, unless the application by now permits rows with a policy of its own.
     where exists (select from pg_policy as p where p.polrelid = relation and p.polname = 'postern_permit')
        or before.permitted and not exists (select from pg_policy as p where p.polrelid = relation and p.polpermissive and p.polname <> policy)
  loop
    execute format('create policy %I on %s as %s for all to public using (%s) with check (%s)',
                   candidate, relation, wanted.kind, wanted.using_expression, wanted.check_expression);
    select pg_get_expr(c.polqual, c.polrelid) = pg_get_expr(p.polqual, p.polrelid)
           and pg_get_expr(c.polwithcheck, c.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid)
           and (c.polpermissive, c.polcmd, c.polroles) = (p.polpermissive, p.polcmd, p.polroles)
      into same
      from pg_policy as c
      join pg_policy as p on p.polrelid = c.polrelid and p.polname = wanted.name
     where c.polrelid = relation and c.polname = candidate;
    if same then
      execute format('drop policy %I on %s', candidate, relation);
    else
      if same is not null then  -- the existing policy differs from the required one
        execute format('drop policy %I on %s', wanted.name, relation);
      end if;
      execute format('alter policy %I on %s rename to %I', candidate, relation, wanted.name);
    end if;
  end loop;
  if (select obj_description(p.oid, 'pg_policy') from pg_policy as p where p.polrelid = relation and p.polname = policy) is distinct from remark then
    execute format('comment on policy %I on %s is %L', policy, relation, remark);
  end if;
  if not now_is.relrowsecurity then
    execute format('alter table %s enable row level security', relation);
  end if;
  if not now_is.relforcerowsecurity then
    execute format('alter table %s force row level security', relation);
  end if;
  if not exists (select
                   from pg_trigger as t
                  where t.tgrelid = relation and t.tgname = 'postern_refuse_truncate'
                    and t.tgfoid = 'postern.refuse_truncate()'::regprocedure and t.tgenabled in ('O', 'A')) then
    execute format('create or replace trigger postern_refuse_truncate before truncate on %s for each statement execute function postern.refuse_truncate()', relation);
    -- Replacing a trigger does not enable a disabled one.
    execute format('alter table %s enable trigger postern_refuse_truncate', relation);
  end if;
end
$$;


ALTER FUNCTION postern.put_policy(relation regclass, policy name, using_expression text, check_expression text) OWNER TO postern_owner;

--
-- Name: FUNCTION put_policy(relation regclass, policy name, using_expression text, check_expression text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.put_policy(relation regclass, policy name, using_expression text, check_expression text) IS 'For protect_...: gives a table a restrictive policy for all commands, forces row security on its owner, and refuses TRUNCATE. A table that had neither row security nor policies also gets the permissive policy postern_permit. Errors: PS107 an argument is missing, the policy is not one of Postern''s, the table is not the caller''s.';


--
-- Name: receipts(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.receipts() RETURNS TABLE(log_id bigint, gate_id text, asked boolean, leaf_hash bytea)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select e.log_id, e.gate_id, e.asked, postern_internal.leaf_hash(e)
    from postern_internal.checkpoint_entry as e
   where e.transaction_id = pg_current_xact_id_if_assigned()
     and age(e.xmin) <= 0
     and e.logged_at >= transaction_timestamp() - interval '1 day'
     and e.outcome in ('passed', 'cancelled')
   order by e.log_id
$$;


ALTER FUNCTION postern.receipts() OWNER TO postern_owner;

--
-- Name: FUNCTION receipts(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.receipts() IS 'The entries of the log that this transaction has written so far. asked: whether the person was shown this gate. leaf_hash: of the entry''s leaf. After the commit, whoever keeps these can show that an entry was removed or changed, even before it was sealed. Call it right before the commit.';


--
-- Name: record_head(bigint, bytea, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.record_head(tree_size bigint, root_hash bytea, note text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  lines text[];
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if tree_size is null or tree_size <= 0 or root_hash is null or octet_length(root_hash) <> 32 or note is null or octet_length(note) > 10000 then
    raise exception using
      errcode = 'PS107',
      message = 'The head cannot be kept',
      detail = format('tree_size is %s, root_hash has %s octets, note has %s.', coalesce(tree_size::text, 'NULL'),
                      coalesce(octet_length(root_hash)::text, 'NULL'), coalesce(octet_length(note)::text, 'NULL')),
      hint = 'Pass the size of the tree, the 32 octets of its root, and the signed text of at most 10000 octets; or seal with "postern log seal".';
  end if;
  lines := string_to_array(note, E'\n');
  if (lines[2], lines[3]) is distinct from (tree_size::text, encode(root_hash, 'base64'))
     or root_hash is distinct from postern_internal.tree_root(tree_size) then
    raise exception using
      errcode = 'PS501',
      message = 'The head is not one of the log''s tree',
      detail = format('tree_size is %s, root_hash is %s; the tree of as many leaves has the root %s.', tree_size, encode(root_hash, 'hex'),
                      coalesce(encode(postern_internal.tree_root(tree_size), 'hex'), 'of no known hash')),
      hint = 'Seal with "postern log seal"; if that fails, find out what was changed with "postern log verify".';
  end if;
  insert into postern_internal.tree_head (tree_size, root_hash, note) values (tree_size, root_hash, note)
  on conflict do nothing;
end
$$;


ALTER FUNCTION postern.record_head(tree_size bigint, root_hash bytea, note text) OWNER TO postern_owner;

--
-- Name: FUNCTION record_head(tree_size bigint, root_hash bytea, note text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.record_head(tree_size bigint, root_hash bytea, note text) IS 'Stores a copy of a signed tree head; if there is one of this size already, it stays. note: a C2SP tlog-checkpoint; its signature is not checked. Errors: PS107 argument, PS501 it is not a head of the log''s tree, 42501 this database does not allow the login.';


--
-- Name: record_log_export(timestamp with time zone, timestamp with time zone, bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  if since >= until
     or not exists (select from postern_internal.tree_head as h where h.tree_size = record_log_export.tree_size) then
    raise exception using
      errcode = 'PS107',
      message = 'The export cannot be recorded',
      detail = format('since is %s, until is %s; tree_size is %s, and the signed heads kept here are of %s leaves at most.',
                      coalesce(since::text, 'NULL'), coalesce(until::text, 'NULL'), coalesce(tree_size::text, 'NULL'),
                      (select coalesce(max(h.tree_size), 0) from postern_internal.tree_head as h)),
      hint = 'Pass how many leaves the signed head has under which the entries were proven. If it was signed a moment ago: run "postern log seal", then export again with "postern log export --proofs -o".';
  end if;
  insert into postern_internal.log_export (since, until, tree_size)
  values (coalesce(since, '-infinity'), coalesce(until, 'infinity'), tree_size);
end
$$;


ALTER FUNCTION postern.record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint) IS 'Records that the entries from since (inclusive) to until (exclusive) were written to a file with their proofs, under the head of tree_size leaves. Then postern.drop_log may remove them. NULL: no limit. Errors: PS107 there is no such head, since is not before until; 42501 this database does not allow the login.';


--
-- Name: record_protection(regclass, text, name, name, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  target_schema name;
  target_table name;
  recorded record;
  other record;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target);
  if protection is null or protection not in ('company', 'ledger') or company_column is null or (protection = 'ledger') <> (combination_column is not null) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such protection',
      detail = format('protection is %s, company_column is %s, combination_column is %s.', coalesce(to_jsonb(left(protection, 128))::text, 'NULL'),
                      coalesce(quote_ident(company_column), 'NULL'), coalesce(quote_ident(combination_column), 'NULL')),
      hint = 'Call postern.protect_company or postern.protect_ledger, which call this.';
  end if;
  -- A table that is read on its own has one condition. It cannot serve two tables that are protected differently.
  select m.member, t.* into other
    from postern.protectable_tables(target) as m (member)
   cross join lateral postern.protecting_tables(m.member) as t
   where t.target <> record_protection.target
     and ((t.protection, t.company_column) is distinct from (record_protection.protection, record_protection.company_column)
          or t.combination_column is distinct from record_protection.combination_column
          or t.ledger_column is distinct from record_protection.ledger_column)
   limit 1;
  if found then
    raise exception using
      errcode = 'PS107',
      message = format('%s is already protected in another way', other.member),
      detail = format('Through %s it is protected by %s with the columns %s.', other.target, other.protection,
                      concat_ws(', ', quote_ident(other.company_column), quote_ident(other.combination_column), quote_ident(other.ledger_column))),
      hint = format('Protect %s by the same columns, or first run: select postern.unprotect(%L);', target, other.target);
  end if;
  select n.nspname, c.relname into strict target_schema, target_table
    from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target;
  insert into postern.protected_table as p (schema_name, table_name, protection, company_column, combination_column, ledger_column)
  values (target_schema, target_table, protection, company_column, combination_column, ledger_column)
  on conflict do nothing;
  if found then
    return;
  end if;
  select p.* into strict recorded from postern.protected_table as p
   where p.schema_name = target_schema and p.table_name = target_table;
  if (recorded.protection, recorded.company_column) is distinct from (protection, company_column)
     or recorded.combination_column is distinct from combination_column
     or recorded.ledger_column is distinct from ledger_column then
    raise exception using
      errcode = 'PS107',
      message = format('%s is already protected in another way', target),
      detail = format('It is protected by %s with the columns %s.', recorded.protection,
                      concat_ws(', ', quote_ident(recorded.company_column), quote_ident(recorded.combination_column), quote_ident(recorded.ledger_column))),
      hint = format('Call postern.unprotect(%L) and protect the table as intended, in one transaction.', target);
  end if;
end
$$;


ALTER FUNCTION postern.record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name) OWNER TO postern_owner;

--
-- Name: FUNCTION record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name) IS 'For protect_...: lists target in postern.protected_table. Errors: PS107 target, or a table below it, is already protected with another protection or other columns.';


--
-- Name: register_action(text, text, text[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.register_action(action text, checkpoint text DEFAULT NULL::text, legacy_checkpoints text[] DEFAULT '{}'::text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  reason text;
  gates text[];
  unknown text;
  built_in text;
  spelling text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_text(action, 'action', 128);
  if action ~ '[[:cntrl:]]' then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the action is not usable',
      detail = format('action is %s.', to_jsonb(action)),
      hint = 'Remove the control characters.';
  end if;
  reason := case
    when legacy_checkpoints is null then 'legacy_checkpoints is NULL.'
    when array_ndims(legacy_checkpoints) > 1 then 'legacy_checkpoints has more than one dimension.'
    when cardinality(legacy_checkpoints) > 200 then format('There are %s; 200 are allowed.', cardinality(legacy_checkpoints))
    when array_position(legacy_checkpoints, null) is not null then 'One of them is NULL.'
    when (select count(distinct gate_id) from unnest(legacy_checkpoints) as gate_id) < cardinality(legacy_checkpoints) then 'A gate occurs twice.'
  end;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The legacy checkpoints of the action are not usable',
      detail = reason,
      hint = 'Pass the ids of the gates that the action''s business code reaches, each once. Omit the argument if there are none.';
  end if;

  gates := array_remove(checkpoint || legacy_checkpoints, null);
  select string_agg(to_jsonb(left(reference.gate_id, 128))::text, ', ') filter (where g.gate_id is null),
         string_agg(g.gate_id, ', ') filter (where g.built_in)
    into unknown, built_in
    from unnest(gates) as reference (gate_id)
    left join postern_internal.gate as g on g.gate_id = reference.gate_id;
  if unknown is not null then
    raise exception using
      errcode = 'PS106',
      message = 'The action references gates that do not exist',
      detail = format('Not registered: %s.', left(unknown, 1000)),
      hint = coalesce(
        (select 'Write ' || string_agg(g.gate_id, ', ' order by g.gate_id) || ', the registered spelling: upper and lower case differ.'
           from unnest(gates) as reference (gate_id)
           join postern_internal.gate as g
             on upper(g.gate_id collate "C") = upper(reference.gate_id collate "C") and g.gate_id <> reference.gate_id),
        'Register them with postern.register_gate first, or choose gates in postern.gate.');
  end if;
  if built_in is not null then
    raise exception using
      errcode = 'PS107',
      message = 'An action cannot reference a built-in gate',
      detail = format('Built in: %s.', built_in),
      hint = 'Leave it out: it always needs its own approval, even inside an action.';
  end if;

  perform postern_internal.lock_settings();
  select a.action into spelling
    from postern_internal.action as a
   where upper(a.action collate "C") = upper(register_action.action collate "C") and a.action <> register_action.action;
  if found then
    raise exception using
      errcode = 'PS107',
      message = 'The action is registered in another spelling',
      detail = format('action is %s, but %s is registered.', to_jsonb(action), to_jsonb(spelling)),
      hint = 'Use the registered spelling, in the registration and where the action begins; or remove it first, with postern.remove_action.';
  end if;
  insert into postern_internal.action as a (action, checkpoint, legacy_checkpoints)
  values (action, checkpoint, legacy_checkpoints)
  on conflict on constraint action_pkey do update
     set checkpoint = excluded.checkpoint,
         legacy_checkpoints = excluded.legacy_checkpoints,
         registered_at = excluded.registered_at;
end
$$;


ALTER FUNCTION postern.register_action(action text, checkpoint text, legacy_checkpoints text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION register_action(action text, checkpoint text, legacy_checkpoints text[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.register_action(action text, checkpoint text, legacy_checkpoints text[]) IS 'Registers an action, or replaces what was registered. action: its name, at most 128 characters. checkpoint: the gate that stops the action itself; NULL: none. legacy_checkpoints: the gates that its business code reaches, at most 200. Errors: PS106 no such gate, PS107 argument.';


--
-- Name: register_gate(text, text, text, text[], boolean, text[], boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.register_gate(gate_id text, description text, message text, parameters text[] DEFAULT '{}'::text[], active boolean DEFAULT false, bound_parameters text[] DEFAULT NULL::text[], exclusive boolean DEFAULT NULL::boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  kept_message text;
  reason text;
  spelling text;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if gate_id is null or length(gate_id) > 30 or gate_id !~ '^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$' then
    reason := format('gate_id is %s.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL'));
  elsif starts_with(upper(gate_id collate "C"), 'POSTERN_') then
    reason := format('gate_id is %s; the prefix POSTERN is Postern''s own.', to_jsonb(gate_id));
  end if;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The gate id is not usable',
      detail = reason,
      hint = 'Use at most 30 letters, digits and underscores, with the component as prefix: SINWOF_APPROVE.';
  end if;
  perform postern_internal.require_text(description, 'description', 200);
  if parameters is null or active is null then
    raise exception using
      errcode = 'PS107',
      message = 'An argument is missing',
      detail = format('%s is NULL.', case when parameters is null then 'parameters' else 'active' end),
      hint = 'Omit the argument to get its default.';
  end if;

  select case
           when cardinality(parameters) > 50 then format('There are %s parameters; 50 are allowed.', cardinality(parameters))
           when array_ndims(parameters) > 1 or array_ndims(bound_parameters) > 1 then 'An array has more than one dimension.'
           when exists (select from unnest(parameters) as name where name is null or name !~ '^[A-Za-z][A-Za-z0-9_]{0,29}$')
             then 'Not usable: ' || (select string_agg(coalesce(to_jsonb(left(name, 128))::text, 'NULL'), ', ')
                                       from unnest(parameters) as name where name is null or name !~ '^[A-Za-z][A-Za-z0-9_]{0,29}$') || '.'
           when (select count(distinct name) from unnest(parameters) as name) < cardinality(parameters) then 'A name occurs twice.'
           when not coalesce(bound_parameters, parameters) <@ parameters or array_position(bound_parameters, null) is not null
             then format('Bound, but not a parameter of the gate: %s.',
                         (select string_agg(coalesce(to_jsonb(left(name, 128))::text, 'NULL'), ', ')
                            from unnest(bound_parameters) as name where name is null or name <> all (parameters)))
         end
    into reason;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters of the gate are not usable',
      detail = reason,
      hint = 'Give each parameter a name of 1 to 30 letters, digits and underscores, beginning with a letter; list some of them in bound_parameters.';
  end if;
  perform postern_internal.check_gate_message(message, parameters);

  perform postern_internal.lock_settings();
  select g.gate_id into spelling
    from postern_internal.gate as g
   where upper(g.gate_id collate "C") = upper(register_gate.gate_id collate "C") and g.gate_id <> register_gate.gate_id;
  if found then
    raise exception using
      errcode = 'PS107',
      message = 'The gate is registered in another spelling',
      detail = format('gate_id is %s, but %s is registered.', gate_id, spelling),
      hint = 'Use the registered spelling, in the registration and in the business code.';
  end if;
  -- An administrator's message must fit the new parameters too; otherwise every pass of the gate would fail from now
  -- on.
  select g.message into kept_message
    from postern_internal.gate as g
   where g.gate_id = register_gate.gate_id and g.message_administered
     for update;
  if found then
    perform postern_internal.check_gate_message(kept_message, parameters);
  end if;

  -- An approval given before this opens other gates too, and this one as often as it is reached.
  if exclusive then
    update postern_internal.ticket as t
       set expires_at = clock_timestamp()
      from postern_internal.gate as g
     where g.gate_id = register_gate.gate_id
       and not g.exclusive
       and t.gate_id = g.gate_id
       and t.expires_at > clock_timestamp();
  end if;

  insert into postern_internal.gate as g (gate_id, description, message, message_template, parameters, unbound_parameters, active, exclusive)
  values (gate_id, description, message, postern_internal.message_template(coalesce(kept_message, message), parameters), parameters,
          array(select name from unnest(parameters) as name where name <> all (bound_parameters)), active, coalesce(exclusive, false))
  on conflict on constraint gate_pkey do update
     set description = excluded.description,
         message = case when g.message_administered then g.message else excluded.message end,
         message_template = excluded.message_template,
         parameters = excluded.parameters,
         unbound_parameters = excluded.unbound_parameters,
         exclusive = coalesce(register_gate.exclusive, g.exclusive),
         active = case when g.active_administered then g.active else excluded.active end,
         registered_at = excluded.registered_at;
  perform postern_internal.derive_gate_stops(gate_id);
end
$_$;


ALTER FUNCTION postern.register_gate(gate_id text, description text, message text, parameters text[], active boolean, bound_parameters text[], exclusive boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION register_gate(gate_id text, description text, message text, parameters text[], active boolean, bound_parameters text[], exclusive boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.register_gate(gate_id text, description text, message text, parameters text[], active boolean, bound_parameters text[], exclusive boolean) IS 'Registers a gate, or updates it; what an administrator set with set_gate_active and set_gate_message stays. gate_id: at most 30 characters, with the component as prefix. description: for the dialog and for administrators, at most 200 characters. message: for the log, at most 2000 characters, with &NAME for parameters. active: whether the gate stops transactions; ignored once an administrator has set it. bound_parameters: those whose values must stay the same when the approved transaction is sent again; NULL: all. The others may then differ from what the person was shown; if they are in the message, the log has both messages. exclusive: whether each pass needs its own approval, which opens nothing else; NULL: unchanged, and false for a new gate. When a gate becomes exclusive, unused approvals end. Errors: PS107. Warns if the message repeats what each log entry contains anyway.';


--
-- Name: register_scheme(text, regprocedure); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.register_scheme(scheme text, verify_function regprocedure) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if scheme is null or scheme !~ '^[A-Z][A-Z0-9_]{0,29}$' or scheme = 'PIN' then
    raise exception using
      errcode = 'PS107',
      message = 'The name of the scheme is not usable',
      detail = format('scheme is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL')),
      hint = 'Use 1 to 30 capital letters, digits and underscores, beginning with a letter. PIN is built in.';
  end if;
  if not postern_internal.is_verify_function(verify_function) then
    raise exception using
      errcode = 'PS107',
      message = 'The function cannot verify a scheme',
      detail = format('verify_function is %s.', coalesce(verify_function::text, 'NULL')),
      hint = 'Pass a function (userid text, response text, challenge jsonb) returns boolean that is SECURITY DEFINER, has its search_path set and may be executed by postern_owner. '
           'A superuser, or another role that may become postern_owner, must own it, because its owner can replace it.';
  end if;
  insert into postern_internal.scheme as s (scheme, verify_function)
  select scheme, format('%I.%I(text,text,jsonb)', n.nspname, p.proname)
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
   where p.oid = verify_function
  on conflict on constraint scheme_pkey do update
     set verify_function = excluded.verify_function, enabled = true;
end
$_$;


ALTER FUNCTION postern.register_scheme(scheme text, verify_function regprocedure) OWNER TO postern_owner;

--
-- Name: FUNCTION register_scheme(scheme text, verify_function regprocedure); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.register_scheme(scheme text, verify_function regprocedure) IS 'Adds a way to authenticate, or replaces its function and enables it. verify_function (userid text, response text, challenge jsonb) returns boolean: userid is NULL if no response can be right, and the function should then take just as long; challenge has gate, description, action, parameters, message, username. It must be SECURITY DEFINER with search_path set, executable by postern_owner, and owned by a role that may become postern_owner. Everything it does is rolled back: it cannot write. An error, a cancel or a timeout in it counts as a wrong response. Errors: PS107.';


--
-- Name: remove_action(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.remove_action(action text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.find_action(action);
  delete from postern_internal.action as a where a.action = remove_action.action;
end
$$;


ALTER FUNCTION postern.remove_action(action text) OWNER TO postern_owner;

--
-- Name: FUNCTION remove_action(action text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.remove_action(action text) IS 'Removes an action: from the commit on it can no longer be begun. Its entries in the log stay. Errors: PS106 no such action.';


--
-- Name: remove_authority_combination(bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.remove_authority_combination(id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  class_id bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  select c.class_id into class_id from postern_internal.authority_combination as c where c.combination_id = id;
  if class_id is not null then
    perform postern_internal.require_administrable_class(class_id);
    perform postern_internal.begin_class_change(class_id);
    delete from postern_internal.authority_combination as c where c.combination_id = id;
  end if;
  if class_id is null or not found then
    raise exception using
      errcode = 'PS301',
      message = 'There is no such authority combination',
      detail = format('id is %s.', coalesce(id::text, 'NULL')),
      hint = 'Choose one of the rules in postern.authority_combination.';
  end if;
  perform postern_internal.compile_class(class_id);
end
$$;


ALTER FUNCTION postern.remove_authority_combination(id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION remove_authority_combination(id bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.remove_authority_combination(id bigint) IS 'Removes a rule of a class, of a company or of an internal ledger. id: from postern.authority_combination. Errors: PS301 no such rule, or one of MAX.';


--
-- Name: remove_event_action(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.remove_event_action(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  action_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  action_id := postern_internal.require_event_action(name);
  delete from postern_internal.event_action as a where a.event_action_id = action_id;
end
$$;


ALTER FUNCTION postern.remove_event_action(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION remove_event_action(name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.remove_event_action(name text) IS 'Removes an action. Its undelivered events, its dead letters and its secret are deleted. Errors: PS107 there is no such action.';


--
-- Name: require_company_user(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.require_company_user(company text, userid text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not postern.is_company_user(company, userid) then
    raise exception using
      errcode = 'PS201',
      message = 'The user is not a user of the company',
      detail = format('userid is %s, company is %s.',
                      coalesce(to_jsonb(left(userid, 128))::text, 'NULL'), coalesce(to_jsonb(left(company, 128))::text, 'NULL')),
      hint = 'Work in one of the companies in postern.user_finance_auth_pub, or have an administrator call postern.grant_company(userid, company).';
  end if;
end
$$;


ALTER FUNCTION postern.require_company_user(company text, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_company_user(company text, userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.require_company_user(company text, userid text) IS 'Errors: PS201 userid is not a user of company, or either is NULL or does not exist, or the current user may not know (see is_company_user); PS401, PS402.';


--
-- Name: require_protectable_column(regclass, text, name, regtype[]); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.require_protectable_column(target regclass, argument text, column_name name, types regtype[]) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found_column record;
begin
  perform from postern.protectable_tables(target);
  if argument is null or length(argument) > 63 or types is null then
    raise exception using
      errcode = 'PS107',
      message = 'argument or types are not usable',
      detail = format('argument is %s, types is %s.', coalesce(to_jsonb(left(argument, 128))::text, 'NULL'), coalesce(left(types::text, 128), 'NULL')),
      hint = 'Call postern.protect_company or postern.protect_ledger, which call this.';
  end if;
  -- A domain counts as its base type, even a domain over a domain.
  with recursive base (oid, basetype) as (
    select t.oid, t.typbasetype
      from pg_attribute as a
      join pg_type as t on t.oid = a.atttypid
     where a.attrelid = target and a.attname = column_name and a.attnum > 0 and not a.attisdropped
     union all
    select t.oid, t.typbasetype from base as b join pg_type as t on t.oid = b.basetype
  )
  select format_type(a.atttypid, a.atttypmod) as type_name, b.oid as base_type, coalesce(l.collisdeterministic, true) as deterministic
    into found_column
    from pg_attribute as a
    join base as b on b.basetype = 0
    left join pg_collation as l on l.oid = a.attcollation
   where a.attrelid = target and a.attname = column_name and a.attnum > 0 and not a.attisdropped;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = format('%s has no such column', target),
      detail = format('%s is %s.', argument, coalesce(quote_ident(column_name), 'NULL')),
      hint = format('Name the column: %s => ''...''. Its columns are: %s.', argument,
                    (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
                       from pg_attribute as a
                      where a.attrelid = target and a.attnum > 0 and not a.attisdropped));
  end if;
  if found_column.base_type <> all (types) then
    raise exception using
      errcode = 'PS107',
      message = format('The column %I of %s has another type', column_name, target),
      detail = format('%s is %I, which is %s.', argument, column_name, found_column.type_name),
      hint = format('Use a column of type %s, or a domain over it.',
                    (select string_agg(format_type(t.oid, null), ' or ' order by t.position)
                       from unnest(types) with ordinality as t (oid, position)));
  end if;
  -- If upper case equalled lower case, a user of company ab would see the rows of AB.
  if not found_column.deterministic then
    raise exception using
      errcode = 'PS107',
      message = format('The column %I of %s has a nondeterministic collation', column_name, target),
      detail = format('%s is %I; different values can compare as equal there.', argument, column_name),
      hint = format('Run: alter table %s alter column %I type text collate "default";', target, column_name);
  end if;
end
$$;


ALTER FUNCTION postern.require_protectable_column(target regclass, argument text, column_name name, types regtype[]) OWNER TO postern_owner;

--
-- Name: FUNCTION require_protectable_column(target regclass, argument text, column_name name, types regtype[]); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.require_protectable_column(target regclass, argument text, column_name name, types regtype[]) IS 'For protect_...: raises an error unless target has a column of one of types that a policy can compare. argument: its name in the error. Errors: PS107.';


--
-- Name: require_user_role(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.require_user_role() RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if pg_has_role(current_user, 'postern_user', 'usage') or pg_has_role(current_user, 'postern_admin', 'usage') then
    return true;
  end if;
  raise exception using
    errcode = 'PS401',
    message = 'The database role is not one of Postern''s users',
    detail = format('The role %I has rights on a table or view that Postern protects, and is not a member of postern_user.', current_user),
    hint = format('Have an administrator run: grant postern_user to %I; or postern_app, if the role begins sessions for end users.', current_user);
end
$$;


ALTER FUNCTION postern.require_user_role() OWNER TO postern_owner;

--
-- Name: FUNCTION require_user_role(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.require_user_role() IS 'For policies and mirrored views: true for a member of postern_user or postern_admin. Errors: PS401 the current role is neither.';


--
-- Name: reset_pin(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.reset_pin(userid text, new_pin text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET debug_print_plan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  new_hash text;
  weakness text := postern_internal.pin_weakness(userid, new_pin);
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  if weakness is not null then
    perform postern_internal.refuse_pin(weakness);
  end if;
  new_hash := postern_internal.hash_pin(new_pin, postern_internal.bcrypt_salt());

  update postern_internal.credential as c
     set hash = new_hash,
         must_change = true,
         changed_at = clock_timestamp(),
         changed_by = session_user
   where c.userid = reset_pin.userid;
  perform postern.unlock_user(userid);
  perform postern_internal.expire_tickets(userid);
end
$$;


ALTER FUNCTION postern.reset_pin(userid text, new_pin text) OWNER TO postern_owner;

--
-- Name: FUNCTION reset_pin(userid text, new_pin text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.reset_pin(userid text, new_pin text) IS 'Gives a user a new PIN and unlocks the user. Ends the tickets that the old PIN approved, and those that somebody else approved in a session of the user. The PIN opens only POSTERN_PIN_CHANGE until the user has changed it. new_pin: bind it as a parameter, so that it reaches no server log. Errors: PS107 no such user, PS109 not acceptable.';


--
-- Name: resolve_userid(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.resolve_userid(userid text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known text;
begin
  if exists (select from postern_internal.end_user as e where e.userid = resolve_userid.userid) then
    return userid;
  end if;
  select e.userid into known from postern_internal.end_user as e where e.folded = postern_internal.fold_userid(resolve_userid.userid);
  return coalesce(known, userid);
end
$$;


ALTER FUNCTION postern.resolve_userid(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION resolve_userid(userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.resolve_userid(userid text) IS 'The user id, in its original spelling, of the user whom userid names; userid unchanged if there is none.';


--
-- Name: restart_log(bigint, bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  here constant postern_internal.place := postern_internal.current_place();
  given bigint;
begin
  perform postern_internal.require_allowed_login('postern_sealer');
  perform from postern_internal.sealing for update nowait;
  given := postern_internal.last_given_log_id();
  if lowest_lost > highest_lost or highest_lost > given + 10000000000 then
    raise exception using
      errcode = 'PS107',
      message = 'Log ids cannot skip ahead so far',
      detail = format('lowest_lost is %s, highest_lost is %s, and the last id given out here is %s.', lowest_lost, highest_lost, given),
      hint = 'Restart with "postern log restart". It passes the log ids of lost entries, which lie at most 10000000000 above the last one.';
  end if;
  -- What is committed here in the meantime counts as reused, or gets an id above.
  while highest_lost >= postern_internal.last_given_log_id() loop
    perform nextval('postern_internal.log_skip');
  end loop;
  place := postern_internal.place_text(here);
  timeline := here.timeline;
  reused := (select count(*)
               from postern_internal.checkpoint_entry as e
              where e.log_id between lowest_lost and highest_lost
                and not exists (select from postern_internal.leaf as l where l.log_id = e.log_id));
end
$$;


ALTER FUNCTION postern.restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint) IS 'Gives new entries of the log ids above those of lost entries. Call it through "postern log restart", which signs what was lost. lowest_lost, highest_lost: the range of lost log ids; NULL: none is known. place, timeline: which database this is, as in its errors. reused: how many entries already got an id in that range. Errors: PS107 argument, 55P03 another session is sealing, 42501 this database does not allow the login.';


--
-- Name: retire_session_key(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.retire_session_key(kid text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  update postern_internal.session_key as s
     set retired_at = coalesce(s.retired_at, clock_timestamp())
   where s.kid = retire_session_key.kid;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such session key',
      detail = format('kid is %s.', coalesce(to_jsonb(left(kid, 128))::text, 'NULL')),
      hint = 'Choose one of the keys in postern.session_key.';
  end if;
end
$$;


ALTER FUNCTION postern.retire_session_key(kid text) OWNER TO postern_owner;

--
-- Name: FUNCTION retire_session_key(kid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.retire_session_key(kid text) IS 'From the commit on, tokens signed with this key are refused. Retiring a key again changes nothing. Errors: PS107 no such key.';


--
-- Name: retry_event_deliveries(text, bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.retry_event_deliveries(name text DEFAULT NULL::text, log_id bigint DEFAULT NULL::bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  retried bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if name is not null then
    perform postern_internal.require_event_action(name);
  end if;
  update postern_internal.event_delivery as d
     set state = 'pending', attempts = 0, due_at = clock_timestamp(), leased_until = '-infinity', finished_at = null
    from postern_internal.event_action as a
   where a.event_action_id = d.event_action_id
     and (retry_event_deliveries.name is null or a.name = retry_event_deliveries.name)
     and (retry_event_deliveries.log_id is null or d.log_id = retry_event_deliveries.log_id)
     and (d.state = 'dead' or d.state = 'pending' and d.leased_until <= clock_timestamp());
  get diagnostics retried = row_count;
  return retried;
end
$$;


ALTER FUNCTION postern.retry_event_deliveries(name text, log_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION retry_event_deliveries(name text, log_id bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.retry_event_deliveries(name text, log_id bigint) IS 'Retries dead letters, and deliveries that wait for their next attempt, now. name: of one action; NULL: all. log_id: of one entry of the log; NULL: all. Returns how many. Errors: PS107 there is no such action.';


--
-- Name: revoke_company(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.revoke_company(userid text, company text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid, 'PS201');
  perform postern_internal.require_company(company);
  delete from postern_internal.company_user as u
   where u.userid = revoke_company.userid and u.company = revoke_company.company;
end
$$;


ALTER FUNCTION postern.revoke_company(userid text, company text) OWNER TO postern_owner;

--
-- Name: FUNCTION revoke_company(userid text, company text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.revoke_company(userid text, company text) IS 'Ends a user''s membership of a company, for all statements that begin after the commit. Revoking what was not granted is harmless. Errors: PS201 no such user, no such company.';


--
-- Name: revoke_ledger(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.revoke_ledger(company text, ledger_id text, userid text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid, 'PS201');
  delete from postern_internal.ledger_user as u
   where u.company = revoke_ledger.company and u.ledger_id = revoke_ledger.ledger_id and u.userid = revoke_ledger.userid;
end
$$;


ALTER FUNCTION postern.revoke_ledger(company text, ledger_id text, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION revoke_ledger(company text, ledger_id text, userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.revoke_ledger(company text, ledger_id text, userid text) IS 'Disconnects a user from an internal ledger, and removes the user''s class there. Revoking what was not granted is harmless. Errors: PS201 no such company, no such user, PS301 no such ledger.';


--
-- Name: rotate_webhook_secret(text, integer); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.rotate_webhook_secret(name text, overlap_seconds integer DEFAULT 86400) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  action_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if overlap_seconds is null or overlap_seconds not between 0 and 2592000 then
    raise exception using
      errcode = 'PS107',
      message = 'The overlap is not usable',
      detail = format('overlap_seconds is %s.', coalesce(overlap_seconds::text, 'NULL')),
      hint = 'Pass 0 to 2592000 seconds (30 days); pass 0 if somebody else knows the secret.';
  end if;
  perform postern_internal.require_event_action(name);
  select a.event_action_id into action_id
    from postern_internal.event_action as a
   where a.name = rotate_webhook_secret.name and a.kind = 'webhook'
     for no key update;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'The event action is not a webhook',
      detail = format('name is %s.', to_jsonb(name)),
      hint = 'Choose a webhook in postern.event_action: only webhooks are signed.';
  end if;
  delete from postern_internal.webhook_secret as s where s.event_action_id = action_id and s.expires_at <= clock_timestamp();
  -- Each secret adds a signature to the header, which must not grow without limit.
  if overlap_seconds > 0 and (select count(*) from postern_internal.webhook_secret as s where s.event_action_id = action_id) >= 5 then
    raise exception using
      errcode = 'PS107',
      message = 'The webhook has too many secrets',
      detail = format('5 overlap until %s.', (select min(s.expires_at) from postern_internal.webhook_secret as s where s.event_action_id = action_id)),
      hint = 'Wait until then, or pass an overlap of 0, which ends all secrets but the new one at once.';
  end if;
  update postern_internal.webhook_secret as s
     set expires_at = least(s.expires_at, clock_timestamp() + make_interval(secs => overlap_seconds))
   where s.event_action_id = action_id;
  return postern_internal.create_webhook_secret(action_id);
end
$$;


ALTER FUNCTION postern.rotate_webhook_secret(name text, overlap_seconds integer) OWNER TO postern_owner;

--
-- Name: FUNCTION rotate_webhook_secret(name text, overlap_seconds integer); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.rotate_webhook_secret(name text, overlap_seconds integer) IS 'Gives a webhook a new secret, and returns it; it is not shown again. name: of the action. overlap_seconds: how long each delivery is also signed with the earlier secrets, 0 to 2592000. What waits is delivered. Errors: PS107.';


--
-- Name: sealed_until(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.sealed_until() RETURNS TABLE(tree_size bigint, snapshot pg_snapshot)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select s.tree_size,
         case when (s.place).system_identifier = (select c.system_identifier from pg_control_system() as c) then s.snapshot end
    from postern_internal.sealing as s
$$;


ALTER FUNCTION postern.sealed_until() OWNER TO postern_owner;

--
-- Name: FUNCTION sealed_until(); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.sealed_until() IS 'How far the log is sealed. tree_size: the number of leaves. snapshot: all entries that it sees have a leaf; NULL if nothing was sealed in this cluster.';


--
-- Name: set_company_name(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_company_name(company text, name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  perform postern_internal.require_text(name, 'name', 200);
  update postern_internal.company as c
     set name = set_company_name.name
   where c.company = set_company_name.company;
end
$$;


ALTER FUNCTION postern.set_company_name(company text, name text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_company_name(company text, name text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_company_name(company text, name text) IS 'Renames a company; its id stays. name: 1 to 200 characters. Errors: PS201 no such company, PS107 bad name.';


--
-- Name: set_event_enabled(text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_event_enabled(event text, enabled boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  action_id integer;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_event(event);
  if enabled is null then
    raise exception using
      errcode = 'PS107',
      message = 'enabled is missing',
      detail = 'enabled is NULL.',
      hint = 'Pass true or false.';
  end if;
  -- Workers skip the actions that are locked here.
  for action_id in
    select a.event_action_id
      from postern_internal.event_action as a
     where a.event = set_event_enabled.event
     order by a.event_action_id
       for no key update
  loop
    if not enabled and (select a.place = postern_internal.current_place()
                          from postern_internal.event_action as a
                         where a.event_action_id = action_id) then
      perform postern_internal.queue_event_deliveries(action_id);
    end if;
  end loop;
  if enabled then
    perform postern_internal.settle_event_actions(event);
  end if;
  update postern_internal.event as e set enabled = set_event_enabled.enabled where e.event = set_event_enabled.event;
end
$$;


ALTER FUNCTION postern.set_event_enabled(event text, enabled boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION set_event_enabled(event text, enabled boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_event_enabled(event text, enabled boolean) IS 'Enables or disables the delivery of an event. What is in the queue when it is disabled waits there; what happens meanwhile is never delivered. In a copy of the database, a restored one, or on a new timeline, enabling makes this database deliver from now on: what waits there becomes dead letters, because the original delivers it. After a failover, confirm the timeline instead: "postern event run --confirm-timeline". Errors: PS107 no such event, NULL.';


--
-- Name: set_gate_active(text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_gate_active(gate_id text, active boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.lock_settings();
  perform postern_internal.require_administrable_gate(gate_id);
  if active is null then
    raise exception using
      errcode = 'PS107',
      message = 'active is missing',
      detail = 'active is NULL.',
      hint = 'Pass true or false.';
  end if;
  update postern_internal.gate as g
     set active = set_gate_active.active, active_administered = true
   where g.gate_id = set_gate_active.gate_id;
  perform postern_internal.derive_gate_stops(gate_id);
end
$$;


ALTER FUNCTION postern.set_gate_active(gate_id text, active boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION set_gate_active(gate_id text, active boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_gate_active(gate_id text, active boolean) IS 'Switches a gate on or off, for all transactions from the commit on. A later registration does not change it back. Errors: PS106 no such gate, PS107 built-in gate or NULL.';


--
-- Name: set_gate_message(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_gate_message(gate_id text, message text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  names text[];
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_administrable_gate(gate_id);
  select g.parameters into names from postern_internal.gate as g where g.gate_id = set_gate_message.gate_id for update;
  perform postern_internal.check_gate_message(message, names);
  update postern_internal.gate as g
     set message = set_gate_message.message,
         message_template = postern_internal.message_template(set_gate_message.message, g.parameters),
         message_administered = true
   where g.gate_id = set_gate_message.gate_id;
end
$$;


ALTER FUNCTION postern.set_gate_message(gate_id text, message text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_gate_message(gate_id text, message text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_gate_message(gate_id text, message text) IS 'Changes what the log says when the gate is passed. A later registration does not change it back. message: at most 2000 characters, with &NAME for parameters of the gate. Errors: PS106 no such gate, PS107 built-in gate, message or parameter.';


--
-- Name: set_pin(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_pin(new_pin text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET debug_print_plan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  current_user_id text := postern.current_userid();
  old_hash text;
  new_hash text;
  weakness text := postern_internal.pin_weakness(current_user_id, new_pin);
begin
  perform postern_internal.refuse_read_only();
  if weakness is not null then
    perform postern_internal.refuse_pin(weakness);
  end if;
  perform postern.checkpoint('POSTERN_PIN_CHANGE');

  -- Only behind the gate, where the caller has just proved to know the old PIN.
  select c.hash into old_hash from postern_internal.credential as c where c.userid = current_user_id for update;
  if postern_internal.hash_pin(new_pin, old_hash) = old_hash then
    perform postern_internal.refuse_pin('old');
  end if;
  new_hash := postern_internal.hash_pin(new_pin, postern_internal.bcrypt_salt());
  update postern_internal.credential as c
     set hash = new_hash,
         must_change = false,
         changed_at = clock_timestamp(),
         changed_by = session_user
   where c.userid = current_user_id;
end
$$;


ALTER FUNCTION postern.set_pin(new_pin text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_pin(new_pin text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_pin(new_pin text) IS 'Changes the PIN of the current user, behind the gate POSTERN_PIN_CHANGE, which only that user''s current PIN opens. new_pin: bind it as a parameter, so that it reaches no server log. Errors: PS109 not acceptable, PS101 authenticate first, PS401, PS402; 25006 on a standby and in a read-only transaction.';


--
-- Name: set_row_level_security(text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_row_level_security(company text, enabled boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  if enabled is null then
    raise exception using
      errcode = 'PS301',
      message = 'enabled is missing',
      detail = 'enabled is NULL.',
      hint = 'Pass true or false.';
  end if;
  update postern_internal.company as c set row_level_security = enabled where c.company = set_row_level_security.company;
end
$$;


ALTER FUNCTION postern.set_row_level_security(company text, enabled boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION set_row_level_security(company text, enabled boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_row_level_security(company text, enabled boolean) IS 'Sets whether authority classes decide what users of a company see. If they do, a user without a class sees no posting combination of the company. If not, its users see all of them, and all of the internal ledgers to which they are connected. Off in a new company. Errors: PS201 no such company, PS301 enabled is NULL.';


--
-- Name: set_scheme_enabled(text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_scheme_enabled(scheme text, enabled boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  if enabled is null or scheme = 'PIN' and not enabled then
    raise exception using
      errcode = 'PS107',
      message = 'The scheme cannot be switched this way',
      detail = format('scheme is %s, enabled is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL'), coalesce(enabled::text, 'NULL')),
      hint = 'Pass true or false. PIN must stay enabled, because changing a PIN requires it.';
  end if;
  update postern_internal.scheme as s set enabled = set_scheme_enabled.enabled where s.scheme = set_scheme_enabled.scheme;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such scheme',
      detail = format('scheme is %s.', coalesce(to_jsonb(left(scheme, 128))::text, 'NULL')),
      hint = 'Choose one of the schemes in postern.scheme.';
  end if;
end
$$;


ALTER FUNCTION postern.set_scheme_enabled(scheme text, enabled boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION set_scheme_enabled(scheme text, enabled boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_scheme_enabled(scheme text, enabled boolean) IS 'Allows a way to authenticate, or forbids it. Errors: PS107 no such scheme, or PIN switched off.';


--
-- Name: set_setting(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_setting(name text, value text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  setting record;
  wanted text := lower(btrim(value));
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.lock_settings();
  select s.* into setting from postern_internal.setting as s where s.name = set_setting.name;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such setting',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Choose one of: ' || (select string_agg(s.name, ', ' order by s.name) from postern_internal.setting as s) || '.';
  end if;

  if setting.kind = 'boolean' then
    wanted := case when wanted in ('true', 'on', 'yes', '1') then 'true'
                   when wanted in ('false', 'off', 'no', '0') then 'false' end;
  elsif wanted ~ '^[0-9]{1,9}$' and wanted::integer between setting.minimum and setting.maximum then
    wanted := wanted::integer::text;
  else
    wanted := null;
  end if;
  if wanted is null then
    raise exception using
      errcode = 'PS107',
      message = format('The setting %s cannot have this value', name),
      detail = format('value is %s.', coalesce(to_jsonb(left(value, 128))::text, 'NULL')),
      hint = case setting.kind
               when 'boolean' then 'Pass true or false.'
               else format('Pass a whole number from %s to %s.', setting.minimum, setting.maximum)
             end;
  end if;
  update postern_internal.setting as s set value = wanted where s.name = set_setting.name;
  perform postern_internal.derive_gate_stops();
end
$_$;


ALTER FUNCTION postern.set_setting(name text, value text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_setting(name text, value text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_setting(name text, value text) IS 'Changes a setting; postern.setting lists them with their ranges. Booleans accept true, on, yes, 1 and their opposites. Errors: PS107 no such setting, value not allowed.';


--
-- Name: set_user_active(text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_user_active(userid text, active boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  if active is null then
    raise exception using
      errcode = 'PS107',
      message = 'active is missing',
      detail = 'active is NULL.',
      hint = 'Pass true or false.';
  end if;
  update postern_internal.end_user as e set active = set_user_active.active where e.userid = set_user_active.userid;
  if not active then
    perform postern_internal.expire_tickets(userid);
  end if;
end
$$;


ALTER FUNCTION postern.set_user_active(userid text, active boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION set_user_active(userid text, active boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_user_active(userid text, active boolean) IS 'Activates or deactivates a user. An inactive user gets no new session, approves nothing, and can use no earlier approval; nor can an approval that somebody else gave in a session of the user be used. Transactions that have begun continue. Users are never deleted, because the log names them. Errors: PS107 no such user.';


--
-- Name: set_user_authority_class(text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_user_authority_class(company text, userid text, class text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  new_class_id bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_company(company);
  userid := postern.resolve_userid(userid);
  perform postern.require_company_user(company, userid);
  if class is not null then
    new_class_id := postern_internal.require_class(company, null, class);
  end if;
  update postern_internal.company_user as u
     set class_id = new_class_id
   where u.company = set_user_authority_class.company and u.userid = set_user_authority_class.userid;
end
$$;


ALTER FUNCTION postern.set_user_authority_class(company text, userid text, class text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_user_authority_class(company text, userid text, class text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_user_authority_class(company text, userid text, class text) IS 'Gives a user of a company an authority class there, in place of any other; NULL removes it. Ends when the user is no longer a user of the company. Errors: PS201 no such company, no user of it, PS301 no such class.';


--
-- Name: set_user_db_role(text, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_user_db_role(userid text, db_role name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  perform postern_internal.require_db_role(db_role);
  update postern_internal.end_user as e
     set db_role = set_user_db_role.db_role
   where e.userid = set_user_db_role.userid;
exception when unique_violation then
  raise exception using
    errcode = 'PS107',
    message = 'The database role belongs to another user',
    detail = format('userid is %s, db_role is %s.', to_jsonb(userid), quote_ident(db_role)),
    hint = 'Choose a role that postern.user_account does not list; a role can be only one user.';
end
$$;


ALTER FUNCTION postern.set_user_db_role(userid text, db_role name) OWNER TO postern_owner;

--
-- Name: FUNCTION set_user_db_role(userid text, db_role name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_user_db_role(userid text, db_role name) IS 'Sets the login role that is a user when no session is begun; NULL: none. Errors: PS107 no such user, role unknown or another user''s.';


--
-- Name: set_user_description(text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_user_description(userid text, description text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  perform postern_internal.require_text(description, 'description', 200);
  update postern_internal.end_user as e
     set description = set_user_description.description
   where e.userid = set_user_description.userid;
end
$$;


ALTER FUNCTION postern.set_user_description(userid text, description text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_user_description(userid text, description text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_user_description(userid text, description text) IS 'Replaces the description of a user. description: for people, 1 to 200 characters. Errors: PS107 no such user, bad description.';


--
-- Name: set_user_ledger_class(text, text, text, text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.set_user_ledger_class(company text, ledger_id text, userid text, class text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  new_class_id bigint;
begin
  perform postern_internal.require_allowed_login('postern_admin');
  perform postern_internal.require_ledger(company, ledger_id);
  userid := postern.resolve_userid(userid);
  perform postern.require_company_user(company, userid);
  if class is not null then
    new_class_id := postern_internal.require_class(company, ledger_id, class);
  end if;
  update postern_internal.ledger_user as u
     set class_id = new_class_id
   where u.company = set_user_ledger_class.company
     and u.ledger_id = set_user_ledger_class.ledger_id
     and u.userid = set_user_ledger_class.userid;
  if not found then
    raise exception using
      errcode = 'PS301',
      message = 'The user is not connected to the internal ledger',
      detail = format('userid is %s, company is %s, ledger_id is %s.', to_jsonb(userid), to_jsonb(company), to_jsonb(ledger_id)),
      hint = format('Connect the user first: select postern.grant_ledger(%L, %L, %L);', company, ledger_id, userid);
  end if;
end
$$;


ALTER FUNCTION postern.set_user_ledger_class(company text, ledger_id text, userid text, class text) OWNER TO postern_owner;

--
-- Name: FUNCTION set_user_ledger_class(company text, ledger_id text, userid text, class text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.set_user_ledger_class(company text, ledger_id text, userid text, class text) IS 'Limits what a user sees in an internal ledger to what one of its classes allows; NULL removes the class, and the user sees all of the ledger. Errors: PS201 no such company, no user of it, PS301 no such ledger or class, user not connected.';


--
-- Name: ticket_status(uuid); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.ticket_status(ticket uuid) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found_ticket postern_internal.ticket := postern_internal.find_ticket(ticket);
begin
  return case
    when found_ticket.verdict <> 'accepted' then found_ticket.verdict::text
    when exists (select from postern_internal.open_gate as o where o.nonce = found_ticket.nonce) then 'used'
    when found_ticket.expires_at <= clock_timestamp() then 'expired'
    else 'accepted'
  end;
end
$$;


ALTER FUNCTION postern.ticket_status(ticket uuid) OWNER TO postern_owner;

--
-- Name: FUNCTION ticket_status(ticket uuid); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.ticket_status(ticket uuid) IS 'The outcome of an authentication: accepted, denied, locked, expired, or used (this ticket, or another answer to the same challenge). ticket: of the current user, from an earlier, committed transaction. Errors: PS103 unknown, of another user, not committed, or made in this transaction; PS401, PS402.';


--
-- Name: unlock_user(text); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.unlock_user(userid text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  userid := postern.resolve_userid(userid);
  perform postern_internal.require_user(userid);
  update postern_internal.credential as c
     set failures = 0, lockouts = 0, locked_until = '-infinity', denials = 0, cancels = 0
   where c.userid = unlock_user.userid;
end
$$;


ALTER FUNCTION postern.unlock_user(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION unlock_user(userid text); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.unlock_user(userid text) IS 'Ends a lock-out early. Resets the failed attempts, the earlier lock-outs, and the counts for denials_per_hour and cancels_per_hour. Errors: PS107 no such user.';


--
-- Name: unprotect(regclass); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.unprotect(target regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  listed boolean;
  protecting regclass;
  relation regclass;
  before record;
  policy name;
  later text;
  kept regclass[] := '{}'::regclass[];
  parents text;
begin
  perform postern.check_allowed_login('postern_admin');
  perform from postern.protectable_tables(target, true);
  delete from postern.protected_table as p
   using pg_class as c join pg_namespace as n on n.oid = c.relnamespace
   where c.oid = target and p.schema_name = n.nspname and p.table_name = c.relname;
  listed := found;
  select t.target into protecting from postern.protecting_tables(target) as t limit 1;
  if not listed and protecting is not null then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected separately', target),
      detail = format('It is protected through %s.', protecting),
      hint = format('Unprotect %s with all tables below it: select postern.unprotect(%L);', protecting, protecting);
  elsif not listed and not exists (select from pg_policy as p where p.polrelid = target and p.polname in ('postern_company', 'postern_ledger')) then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not protected', target),
      detail = 'It has no policy from Postern.',
      hint = 'Choose one of the tables in postern.protected_table.';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for relation in select p from postern.protectable_tables(target, true) as p loop
    if exists (select from postern.protecting_tables(relation)) then
      kept := kept || relation;
      continue;
    end if;
    select b.* into strict before from postern.before_protection(relation) as b;
    for policy in
      select p.polname from pg_policy as p
       where p.polrelid = relation and p.polname in ('postern_company', 'postern_ledger', 'postern_permit')
    loop
      execute format('drop policy %I on %s', policy, relation);
    end loop;
    if exists (select from pg_trigger as t where t.tgrelid = relation and t.tgname = 'postern_refuse_truncate') then
      execute format('drop trigger postern_refuse_truncate on %s', relation);
    end if;
    -- Policies that the application has created since then rely on row security.
    select string_agg(quote_ident(p.polname), ', ' order by p.polname) into later
      from pg_policy as p
     where p.polrelid = relation and not before.enabled and p.polname::text <> all (before.policies);
    if later is not null then
      raise notice using
        message = format('Row security stays on, and forced, on %s', relation),
        detail = format('The table had none before it was protected, and has policies that were added since: %s.', later),
        hint = format('If that is not intended, run: alter table %s no force row level security, disable row level security;', relation);
      continue;
    end if;
    if not before.forced then
      execute format('alter table %s no force row level security', relation);
    end if;
    if not before.enabled then
      execute format('alter table %s disable row level security', relation);
    end if;
  end loop;
  -- Only now is it known which parents are open.
  foreach relation in array kept loop
    select t.target, ('postern_' || t.protection)::name into strict protecting, policy from postern.protecting_tables(relation) as t limit 1;
    parents := postern.open_parents(array[relation], policy);
    raise notice using
      message = format('%s stays protected', relation),
      detail = format('It is protected through %s too.', protecting)
                         || coalesce(format(' Queries of these parents read its rows without its policy %I: %s.', policy, parents), ''),
      hint = format('To end that, run: select postern.unprotect(%L);', protecting)
                     || case when parents is null then '' else ' Or close the parents: protect them again, or run: alter table child no inherit parent;' end;
  end loop;
end
$$;


ALTER FUNCTION postern.unprotect(target regclass) OWNER TO postern_owner;

--
-- Name: FUNCTION unprotect(target regclass); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.unprotect(target regclass) IS 'Removes what protect_company or protect_ledger added to a table and its partitions, and restores their earlier row security. It stays on and forced if the application has created policies since. Tables below another protected table, or listed in postern.protected_table themselves, stay protected; a NOTICE says so, and names the parents that read them without their policy. Errors: PS107 target is not protected, or only through another table, or not the caller''s.';


--
-- Name: unsealed_entries(); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) RETURNS record
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  select count(*), min(w.logged_at)
    from postern.sealed_until() as s
   cross join lateral (
     select e.log_id, e.logged_at
       from postern_internal.checkpoint_entry as e
      where e.transaction_id = any (array(select pg_snapshot_xip(s.snapshot)))
      union all
    (select e.log_id, e.logged_at
       from postern_internal.checkpoint_entry as e
      where e.transaction_id >= coalesce(pg_snapshot_xmax(s.snapshot), '0')
      order by e.transaction_id
      limit 10000)
   ) as w
   where not exists (select from postern_internal.leaf as l where l.log_id = w.log_id)
$$;


ALTER FUNCTION postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) OWNER TO postern_owner;

--
-- Name: FUNCTION unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) IS 'How many entries of the log have no leaf yet, among the 10000 oldest that the last seal did not see, and when the first of them was logged; NULL if there is none. For monitoring: see "postern log seal --metrics".';


--
-- Name: user_skeleton(text, boolean); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.user_skeleton(userid text, as_written boolean) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Most ids consist only of these letters, and cost least.
  if octet_length(userid) = length(userid) then
    if as_written then
      return translate(userid, 'abcdefghjkmnopqrstuvwxyz01l|', 'ABCDEFGHJKMNOPQRSTUVWXYZOIII');
    end if;
    return translate(upper(userid collate "C"), '01|', 'OII');
  end if;
  userid := normalize(userid, NFKD);
  if as_written then
    return translate(userid,
      'abcdefghjkmnopqrstuvwxyz' || E'01l|\u0131'
        || E'\u0410\u0412\u0415\u0417\u041A\u041C\u041D\u041E\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405\u051A\u051C' -- Cyrillic capitals
        || E'\u0430\u0432\u0435\u043A\u043C\u043D\u043E\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u051B\u051D' -- Cyrillic small letters
        || E'\u0391\u0392\u0395\u0396\u0397\u0399\u039A\u039C\u039D\u039F\u03A1\u03A4\u03A5\u03A7' -- Greek capitals
        || E'\u03B1\u03B9\u03BA\u03BF\u03C1\u03C4\u03C5\u03C7\u03BD' -- Greek small letters
        || E'\u0251\u0261', -- alpha and script g
      'ABCDEFGHJKMNOPQRSTUVWXYZ' || 'OIIIi' || 'ABE3KMHOPCTYXIJSQWABEKMHOPCTYXiJSQW' || 'ABEZHIKMNOPTYXAiKOPTUXV' || 'AG');
  end if;
  return translate(userid,
    'abcdefghijklmnopqrstuvwxyz' || E'01|\u0131'
      || E'\u0410\u0412\u0415\u0417\u041A\u041C\u041D\u041E\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405\u051A\u051C' -- Cyrillic capitals
      || E'\u0430\u0432\u0435\u0437\u043A\u043C\u043D\u043E\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u051B\u051D' -- Cyrillic small letters
      || E'\u0391\u0392\u0395\u0396\u0397\u0399\u039A\u039C\u039D\u039F\u03A1\u03A4\u03A5\u03A7' -- Greek capitals
      || E'\u03B1\u03B2\u03B5\u03B6\u03B7\u03B9\u03BA\u03BC\u03BD\u03BF\u03C1\u03C4\u03C5\u03C7' -- Greek small letters
      || E'\u0251\u0261', -- alpha and script g
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ' || 'OIII' || 'ABE3KMHOPCTYXIJSQWABE3KMHOPCTYXIJSQW' || 'ABEZHIKMNOPTYXABEZHIKMNOPTYX' || 'AG');
end
$$;


ALTER FUNCTION postern.user_skeleton(userid text, as_written boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION user_skeleton(userid text, as_written boolean); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.user_skeleton(userid text, as_written boolean) IS 'For postern.doctor: what userid looks like; the same for ids that look alike. as_written: keeps upper and lower case, where a small l looks like 1 and I; otherwise everything is upper case.';


--
-- Name: validate_constraint(regclass, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.validate_constraint(target regclass, constraint_name name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  key record;
  forced regclass[];
  relation regclass;
begin
  select k.confrelid, k.convalidated, k.conparentid, c.relowner,
         regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition, obj_description(k.oid, 'pg_constraint') as remark
    into key
    from pg_constraint as k
    join pg_class as c on c.oid = k.conrelid
   where k.conrelid = target and k.conname = constraint_name and k.contype = 'f';
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such foreign key',
      detail = format('target is %s, constraint_name is %s.', coalesce(target::text, 'NULL'), coalesce(quote_ident(constraint_name), 'NULL')),
      hint = format('Name a foreign key of the table. It has: %s. Other constraints are checked without row security: alter table ... validate constraint ...;',
                    coalesce((select string_agg(quote_ident(k.conname), ', ' order by k.conname)
                                from pg_constraint as k
                               where k.conrelid = target and k.contype = 'f'), 'none'));
  elsif key.conparentid <> 0 then
    raise exception using
      errcode = 'PS107',
      message = format('The foreign key %I of %s belongs to the key of another table', constraint_name, target),
      detail = format('It was inherited from %s.', (select p.conrelid::regclass from pg_constraint as p where p.oid = key.conparentid)),
      hint = format('Validate the key of %s.', (select p.conrelid::regclass from pg_constraint as p where p.oid = key.conparentid));
  elsif not pg_has_role(current_user, key.relowner, 'usage') then
    raise exception using
      errcode = 'PS107',
      message = format('%s is not yours to validate', target),
      detail = format('It belongs to %s; the caller is %I.', key.relowner::regrole, current_user),
      hint = format('Have its owner call this: set role %s;', key.relowner::regrole);
  end if;
  forced := array(
    with recursive family (oid) as (
      select unnest(array[target, key.confrelid]::oid[])
       union
      select i.inhrelid from pg_inherits as i join family as f on f.oid = i.inhparent
    )
    select c.oid::regclass
      from family as f
      join pg_class as c on c.oid = f.oid
     where c.relrowsecurity and c.relforcerowsecurity and row_security_active(c.oid) and pg_has_role(current_user, c.relowner, 'usage')
     order by c.oid);
  foreach relation in array forced loop
    execute format('alter table %s no force row level security', relation);
  end loop;
  if key.convalidated then
    execute format('alter table %1$s drop constraint %2$I, add constraint %2$I %3$s', target, constraint_name, key.definition);
    if key.remark is not null then
      execute format('comment on constraint %I on %s is %L', constraint_name, target, key.remark);
    end if;
  else
    execute format('alter table %s validate constraint %I', target, constraint_name);
  end if;
  foreach relation in array forced loop
    execute format('alter table %s force row level security', relation);
  end loop;
end
$_$;


ALTER FUNCTION postern.validate_constraint(target regclass, constraint_name name) OWNER TO postern_owner;

--
-- Name: FUNCTION validate_constraint(target regclass, constraint_name name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.validate_constraint(target regclass, constraint_name name) IS 'Checks all rows of a protected table against a foreign key, including hidden ones, and makes it valid; a valid key is checked again. Runs with the rights of the caller, who must own the table but need not be an end user. target: the referencing table. Locks it, and also the referenced table if that is protected and the caller''s. Errors: 23503 a row violates the key; PS107 no such foreign key, one of a partition, or not the caller''s table.';


--
-- Name: verify_entry(bigint); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.verify_entry(log_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  entry postern_internal.checkpoint_entry;
  leaf postern_internal.leaf;
begin
  if log_id is null then
    raise exception using
      errcode = 'PS107',
      message = 'log_id is missing',
      detail = 'log_id is NULL.',
      hint = 'Pass the log_id of an entry.';
  end if;
  select l.* into leaf from postern_internal.leaf as l where l.log_id = verify_entry.log_id;
  select e.* into entry from postern_internal.checkpoint_entry as e where e.log_id = verify_entry.log_id;
  if leaf.log_id is null or entry.log_id is null
     or substring(leaf.hashes for 32) is distinct from postern_internal.leaf_hash(entry) then
    raise exception using
      errcode = 'PS501',
      message = 'The entry does not match the log''s tree',
      detail = case when leaf.log_id is null then format('Entry %s has no leaf: it is not sealed, or its leaf was removed.', log_id)
                    when entry.log_id is null then format('Leaf %s is that of entry %s, which is not there.', leaf.leaf_number, log_id)
                    else format('Entry %s is not what was sealed as leaf %s.', log_id, leaf.leaf_number) end,
      hint = 'Find out what was changed with "postern log verify".';
  end if;
end
$$;


ALTER FUNCTION postern.verify_entry(log_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION verify_entry(log_id bigint); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.verify_entry(log_id bigint) IS 'Compares an entry of the log with its leaf. That is for a first look: only "postern log verify" compares the tree with a head that is kept outside the database. Errors: PS107 argument, PS501 it does not match.';


--
-- Name: wait_sealed(bigint, interval); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.wait_sealed(log_id bigint, timeout interval DEFAULT '00:00:10'::interval) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  gives_up_at timestamptz;
begin
  if log_id is null or timeout is null or timeout < interval '0' or timeout > interval '1 hour' then
    raise exception using
      errcode = 'PS107',
      message = 'This cannot be waited for',
      detail = format('log_id is %s, timeout is %s.', coalesce(log_id::text, 'NULL'), coalesce(timeout::text, 'NULL')),
      hint = 'Pass the log_id of a receipt, and an interval between 0 and 1 hour.';
  end if;
  if pg_current_xact_id_if_assigned() is not null or current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using
      errcode = 'PS107',
      message = 'This transaction cannot wait for a seal',
      detail = case when pg_current_xact_id_if_assigned() is not null
                    then 'It has written something, and what is not committed is not sealed.'
                    else format('It is %s and would not see the seal.', current_setting('transaction_isolation')) end,
      hint = 'Commit, then wait in a READ COMMITTED transaction of its own.';
  end if;
  gives_up_at := clock_timestamp() + timeout;
  while not exists (select from postern_internal.leaf as l
                     where l.log_id = wait_sealed.log_id
                       and l.leaf_number < (select max(h.tree_size) from postern_internal.tree_head as h)) loop
    if clock_timestamp() >= gives_up_at then
      return false;
    end if;
    perform pg_sleep(least(0.05, greatest(0.001, extract(epoch from gives_up_at - clock_timestamp()))));
  end loop;
  return true;
end
$$;


ALTER FUNCTION postern.wait_sealed(log_id bigint, timeout interval) OWNER TO postern_owner;

--
-- Name: FUNCTION wait_sealed(log_id bigint, timeout interval); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.wait_sealed(log_id bigint, timeout interval) IS 'Waits until an entry of the log is under a signed tree head, so that it can be proven. log_id: from a receipt. timeout: up to 1 hour. Returns false if that takes longer. Errors: PS107 argument, or a transaction that cannot wait: one that has written, or is not READ COMMITTED.';


--
-- Name: warn_of_open_parents(regclass, name); Type: FUNCTION; Schema: postern; Owner: postern_owner
--

CREATE FUNCTION postern.warn_of_open_parents(target regclass, policy name) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  parents constant text := postern.open_parents(array(select p from postern.protectable_tables(target, true) as p), policy);
begin
  if parents is not null then
    raise warning using
      message = format('Rows of %s can be read without its protection, through other parents of tables below it', target),
      detail = format('These parents have no policy %I: %s.', policy, parents),
      hint = 'Protect each of them by the same columns. If a parent lacks these columns, detach the child: alter table child no inherit parent;';
  end if;
end
$$;


ALTER FUNCTION postern.warn_of_open_parents(target regclass, policy name) OWNER TO postern_owner;

--
-- Name: FUNCTION warn_of_open_parents(target regclass, policy name); Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON FUNCTION postern.warn_of_open_parents(target regclass, policy name) IS 'For protect_...: raises a WARNING if tables at or below target have other parents, without policy, whose queries read them. Errors: PS107 target is NULL, missing or not the caller''s.';


--
-- Name: action_setting(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.action_setting(content text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((encode(timestamptz_send(transaction_timestamp()), 'hex'::text) || '	'::text) || content);


ALTER FUNCTION postern_internal.action_setting(content text) OWNER TO postern_owner;

--
-- Name: FUNCTION action_setting(content text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.action_setting(content text) IS 'The value of postern.action in the current transaction. content: a JSON object with action and parameters.';


--
-- Name: add_combination(bigint, boolean, text[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.add_combination(class_id bigint, allowed boolean, patterns text[]) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  combination_id bigint;
begin
  perform postern_internal.require_administrable_class(class_id);
  if allowed is null then
    raise exception using
      errcode = 'PS301',
      message = 'allowed is missing',
      detail = 'allowed is NULL.',
      hint = 'Pass true for code strings that the class allows, false for those that it does not.';
  end if;
  perform postern_internal.require_patterns(patterns);
  -- Increases the class's revision first, so that of two concurrent changes the second compiles the rules of both.
  perform postern_internal.begin_class_change(class_id);
  select c.combination_id
    into combination_id
    from postern_internal.authority_combination as c
   where c.class_id = add_combination.class_id and c.allowed = add_combination.allowed and c.patterns = add_combination.patterns;
  if combination_id is null then
    insert into postern_internal.authority_combination as c (class_id, allowed, patterns)
    values (class_id, allowed, patterns)
    returning c.combination_id into combination_id;
    perform postern_internal.compile_class(class_id);
  end if;
  return combination_id;
end
$$;


ALTER FUNCTION postern_internal.add_combination(class_id bigint, allowed boolean, patterns text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION add_combination(class_id bigint, allowed boolean, patterns text[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.add_combination(class_id bigint, allowed boolean, patterns text[]) IS 'Adds a rule to a class and compiles the class. Returns the rule''s id, or that of the same existing rule. Errors: PS301 built-in class, allowed is NULL, bad pattern.';


--
-- Name: add_log_partitions(bigint, interval); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.add_log_partitions(maximum_moved bigint, timeout interval) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO'
    AS $_$
declare
  month timestamptz;
  next_month timestamptz;
  name text;
  made integer := 0;
begin
  -- Takes the exclusive lock first: two transactions that had both read the default partition would block each other.
  perform postern_internal.lock_log('share update exclusive', timeout, 'postern_internal.checkpoint_entry');
  foreach month in array array(select m from postern_internal.missing_log_months(maximum_moved) as m)
  loop
    if made = 0 then
      perform postern_internal.lock_log('access exclusive', timeout, 'postern_internal.checkpoint_entry_default');
    end if;
    next_month := month + interval '1 month';
    name := 'checkpoint_entry_' || to_char(month, 'YYYY_MM');
    if to_regclass('postern_internal.' || name) is not null then
      raise exception using
        errcode = '55000',
        message = format('postern_internal.%s is not the log''s partition of its month', name),
        detail = 'It was detached, or made by somebody else.',
        hint = 'Find out with "postern log verify" whether entries are missing; then attach it again, or rename it.';
    end if;
    execute format('create table postern_internal.%I (like postern_internal.checkpoint_entry including defaults)', name);
    execute format('comment on table postern_internal.%I is %L', name, 'The log of a month (UTC).');
    if exists (select from postern_internal.checkpoint_entry_default as e where e.logged_at >= month and e.logged_at < next_month) then
      alter table postern_internal.checkpoint_entry_default disable trigger refuse_change;
      execute format(
        'with moved as (delete from postern_internal.checkpoint_entry_default as e where e.logged_at >= $1 and e.logged_at < $2 returning e.*)
         insert into postern_internal.%I select m.* from moved as m', name)
        using month, next_month;
      alter table postern_internal.checkpoint_entry_default enable trigger refuse_change;
    end if;
    execute format('alter table postern_internal.checkpoint_entry attach partition postern_internal.%I for values from (%L) to (%L)',
                   name, month, next_month);
    perform postern_internal.guard_log_partition(format('postern_internal.%I', name)::regclass);
    made := made + 1;
  end loop;
  return made;
end
$_$;


ALTER FUNCTION postern_internal.add_log_partitions(maximum_moved bigint, timeout interval) OWNER TO postern_owner;

--
-- Name: FUNCTION add_log_partitions(maximum_moved bigint, timeout interval); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.add_log_partitions(maximum_moved bigint, timeout interval) IS 'Does the work of postern.create_log_partitions. timeout: for how long to try if the log is in use; 0: one attempt of at most 100 ms for each lock.';


--
-- Name: append_extents(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.append_extents() RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  insert into postern_internal.combination_block (first_id, size)
  select e.end_id + n * 32768, 32768
    from (select b.first_id + b.size as end_id from postern_internal.combination_block as b order by b.first_id desc limit 1) as e
   cross join generate_series(0, 31) as n
  on conflict do nothing
$$;


ALTER FUNCTION postern_internal.append_extents() OWNER TO postern_owner;

--
-- Name: FUNCTION append_extents(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.append_extents() IS 'Adds 32 extents of 32768 free ids. Call it with the first block locked. Errors: 40001 the snapshot is older than what others have added.';


--
-- Name: action; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.action (
    action text NOT NULL,
    checkpoint text,
    legacy_checkpoints text[] NOT NULL,
    registered_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT action_action_check CHECK (((action <> ''::text) AND (length(action) <= 128)))
);


ALTER TABLE postern_internal.action OWNER TO postern_owner;

--
-- Name: TABLE action; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.action IS 'Registered actions. checkpoint: the gate that stops the action itself; NULL: none. legacy_checkpoints: the gates that the action references, which its business code may reach.';


--
-- Name: approval_gate(postern_internal.action, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.approval_gate(action postern_internal.action, parameters jsonb) RETURNS postern_internal.gate
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  own postern_internal.gate;
  asking postern_internal.gate;
  names text[];
begin
  select g.* into own from postern_internal.gate as g where g.gate_id = action.checkpoint;
  if own.stops then
    return own;
  end if;
  select g.* into asking
    from postern_internal.gate as g
   where g.gate_id = any (action.legacy_checkpoints)
     and g.stops
     and not g.exclusive
   order by array_position(action.legacy_checkpoints, g.gate_id)
   limit 1;
  if not found then
    return null;
  end if;
  if own.gate_id is not null then
    -- Used even when it is switched off: it still describes best what the action does.
    own.gate_id := asking.gate_id;
    own.exclusive := false;
    return own;
  end if;
  select string_agg(g.description, ', ' order by array_position(action.legacy_checkpoints, g.gate_id))
    into asking.description
    from postern_internal.gate as g
   where g.gate_id = any (action.legacy_checkpoints)
     and g.stops
     and not g.exclusive;
  names := array(select name from jsonb_object_keys(parameters) as name);
  asking.description := left(asking.description, 2000);
  asking.message_template := (
    select replace(format('%s: %s', action.action, asking.description), '%', '%%')
           || coalesce(' (' || string_agg(replace(p.name, '%', '%%') || ': %' || p.position || '$s', ', ' order by p.position) || ')', '')
      from unnest(names) with ordinality as p (name, position));
  asking.parameters := names;
  asking.unbound_parameters := '{}';
  return asking;
end
$_$;


ALTER FUNCTION postern_internal.approval_gate(action postern_internal.action, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION approval_gate(action postern_internal.action, parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.approval_gate(action postern_internal.action, parameters jsonb) IS 'The gate that asks for the approval of an action, with the description, message and parameters of that action. NULL if no gate of the action stops it.';


--
-- Name: bcrypt(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.bcrypt(secret text, hash text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
    RETURN public.crypt(secret, hash);


ALTER FUNCTION postern_internal.bcrypt(secret text, hash text) OWNER TO postern_owner;

--
-- Name: FUNCTION bcrypt(secret text, hash text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.bcrypt(secret text, hash text) IS 'crypt of pgcrypto: the bcrypt hash of secret with the salt that hash begins with.';


--
-- Name: bcrypt_salt(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.bcrypt_salt() RETURNS text
    LANGUAGE sql
    RETURN public.gen_salt('bf'::text, 10);


ALTER FUNCTION postern_internal.bcrypt_salt() OWNER TO postern_owner;

--
-- Name: FUNCTION bcrypt_salt(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.bcrypt_salt() IS 'A new bcrypt salt with cost 10, the same cost for everybody: with a different one, the response time would tell a known user from an unknown one.';


--
-- Name: begin_class_change(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.begin_class_change(class_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update postern_internal.authority_class as c
     set revision = c.revision + 1
   where c.class_id = begin_class_change.class_id;
end
$$;


ALTER FUNCTION postern_internal.begin_class_change(class_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION begin_class_change(class_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.begin_class_change(class_id bigint) IS 'Comes before each change of a class''s rules or map. A second transaction that changes the same class waits here. It then sees the changes of the first one, or fails with 40001 if its snapshot is older.';


--
-- Name: zeros(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.zeros(bytes bigint) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN substr(bit_send("bit"('0'::"bit", ((bytes * 8))::integer, true)), 5, (bytes)::integer);


ALTER FUNCTION postern_internal.zeros(bytes bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION zeros(bytes bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.zeros(bytes bigint) IS 'A part of a map in which no bit is set. bytes: its length.';


--
-- Name: ones(integer, integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.ones(bits integer, size integer) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (decode((repeat('ff'::text, (bits / 8)) || CASE WHEN ((bits % 8) = 0) THEN ''::text ELSE lpad(to_hex(((1 << (bits % 8)) - 1)), 2, '0'::text) END), 'hex'::text) || postern_internal.zeros((((size - (((bits + 7) / 8) * 8)) / 8))::bigint));


ALTER FUNCTION postern_internal.ones(bits integer, size integer) OWNER TO postern_owner;

--
-- Name: FUNCTION ones(bits integer, size integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.ones(bits integer, size integer) IS 'A part of a map in which only the first bits are set. bits: how many are set. size: how many there are, a multiple of 8.';


--
-- Name: recent_bits(text, bigint, bigint, integer, integer, boolean, integer, bytea); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea) RETURNS bytea
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  ids constant integer := (select n from postern_internal.block_ids(company, first_id, size, given, counted) as n);
begin
  if class_id is null then
    return postern_internal.ones(ids, size);
  elsif compiled_offset = ids then
    return bits;
  end if;
  return postern_internal.merge_tail(class_id, company, first_id, size, compiled_offset, bits);
end
$$;


ALTER FUNCTION postern_internal.recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea) IS 'The result of block_bits for a block that is not full, or not compiled to its end.';


--
-- Name: authority_map; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.authority_map (
    class_id bigint NOT NULL,
    first_id bigint NOT NULL,
    compiled_offset integer NOT NULL,
    bits bytea NOT NULL,
    CONSTRAINT authority_map_bits_check CHECK ((octet_length(bits) = ANY (ARRAY[16, 64, 256, 1024, 4096]))),
    CONSTRAINT authority_map_check CHECK (((compiled_offset >= 1) AND (compiled_offset <= (octet_length(bits) * 8))))
);
ALTER TABLE ONLY postern_internal.authority_map ALTER COLUMN bits SET STORAGE PLAIN;


ALTER TABLE postern_internal.authority_map OWNER TO postern_owner;

--
-- Name: TABLE authority_map; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.authority_map IS 'Which posting combinations of a block a class allows: get_bit(bits, id - first_id). Combinations from compiled_offset on were added later; readers evaluate the rules for them.';


--
-- Name: block_bits(text, bigint, bigint, integer, integer, boolean); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean) RETURNS SETOF bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (block_bits.counted AND (m.compiled_offset = block_bits.given)) THEN m.bits
             WHEN ((block_bits.class_id IS NULL) AND (block_bits.given = block_bits.size)) THEN substr(postern_internal.ones(32768, 32768), 1, (block_bits.size / 8))
             WHEN ((NOT block_bits.counted) AND (m.compiled_offset IS NOT NULL) AND (NOT (EXISTS ( SELECT
                FROM postern.posting_combination p
               WHERE ((p.company = block_bits.company) AND (p.posting_combination_id = (block_bits.first_id + m.compiled_offset))))))) THEN m.bits
             ELSE postern_internal.recent_bits(block_bits.company, block_bits.class_id, block_bits.first_id, block_bits.size, block_bits.given, block_bits.counted, m.compiled_offset, m.bits)
         END AS recent_bits
    FROM (( VALUES (0)) one
      LEFT JOIN postern_internal.authority_map m ON (((m.class_id = block_bits.class_id) AND (m.first_id = block_bits.first_id))));
END;


ALTER FUNCTION postern_internal.block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean) IS 'The bits of one block in a map. class_id NULL: no class limits them. size, given, counted: of the block, as this snapshot sees it.';


--
-- Name: block_ids(text, bigint, integer, integer, boolean); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.block_ids(company text, first_id bigint, size integer, given integer, counted boolean) RETURNS SETOF integer
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT COALESCE(
         CASE
             WHEN (NOT counted) THEN ( SELECT (((p.posting_combination_id - block_ids.first_id))::integer + 1)
                FROM postern.posting_combination p
               WHERE ((p.company = block_ids.company) AND (p.posting_combination_id >= (block_ids.first_id + block_ids.given)) AND (p.posting_combination_id < (block_ids.first_id + block_ids.size)))
               ORDER BY p.posting_combination_id DESC
              LIMIT 1)
             ELSE NULL::integer
         END, given) AS "coalesce";
END;


ALTER FUNCTION postern_internal.block_ids(company text, first_id bigint, size integer, given integer, counted boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION block_ids(company text, first_id bigint, size integer, given integer, counted boolean); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.block_ids(company text, first_id bigint, size integer, given integer, counted boolean) IS 'How many ids of a block are given out. They are its first ones. size, given, counted: of the block, as this snapshot sees it.';


--
-- Name: canonical_moment(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.canonical_moment(quoted text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  parts text[] := regexp_match(quoted,
    '^"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]+))?)?(?:[Zz]|([+-])(0[0-9]|1[0-5])(?::?([0-5][0-9])(?::?([0-5][0-9]))?)?)"$');
  first_of_month date;
  moment timestamp;
begin
  if parts is null or parts[1] = '0000' then
    return quoted;
  end if;
  first_of_month := make_date(parts[1]::integer, parts[2]::integer, 1);
  if parts[3]::integer > extract(day from first_of_month + interval '1 month' - interval '1 day') then
    return quoted;
  end if;
  moment := first_of_month
          + make_interval(days => parts[3]::integer - 1, hours => parts[4]::integer, mins => parts[5]::integer, secs => coalesce(parts[6], '0')::integer)
          - case when parts[8] = '-' then -1 else 1 end
            * make_interval(hours => coalesce(parts[9], '0')::integer, mins => coalesce(parts[10], '0')::integer, secs => coalesce(parts[11], '0')::integer);
  if extract(year from moment) not between 1 and 9999 then
    return quoted;
  end if;
  return '"' || to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS') || coalesce('.' || nullif(rtrim(parts[7], '0'), ''), '') || 'Z"';
end
$_$;


ALTER FUNCTION postern_internal.canonical_moment(quoted text) OWNER TO postern_owner;

--
-- Name: FUNCTION canonical_moment(quoted text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.canonical_moment(quoted text) IS 'Takes a JSON string with its quotes. If it is an ISO 8601 moment with an offset, returns that moment in UTC; otherwise returns it unchanged.';


--
-- Name: canonical_text(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.canonical_text(parameters jsonb) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  content text := parameters::text;
begin
  if content !~ '[.][0-9]*0(?![0-9])|[0-9]:[0-9]' then
    return content;
  end if;
  return (
    select string_agg(
             case when not starts_with(part.content, '"')
                  then regexp_replace(regexp_replace(part.content, '([.][0-9]*[1-9])0+(?![0-9])', E'\\1', 'g'), '[.]0+(?![0-9])', '', 'g')
                  when starts_with(part.following, ':') then part.content  -- a name
                  else postern_internal.canonical_moment(part.content) end,
             '' order by part.position)
      from (select p.piece[1] as content, p.position, lead(p.piece[1]) over (order by p.position) as following
              from regexp_matches(content, E'"(?:[^"\\\\]|\\\\.)*"|[^"]+', 'g') with ordinality as p (piece, position)) as part);
end
$$;


ALTER FUNCTION postern_internal.canonical_text(parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION canonical_text(parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.canonical_text(parameters jsonb) IS 'The parameters as a text that is equal for equal values, however their numbers and moments were written.';


--
-- Name: challenge_expiry(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.challenge_expiry() RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select clock_timestamp() + make_interval(secs => postern_internal.setting_integer('challenge_seconds'))
$$;


ALTER FUNCTION postern_internal.challenge_expiry() OWNER TO postern_owner;

--
-- Name: FUNCTION challenge_expiry(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.challenge_expiry() IS 'When a challenge made now expires. Uses the clock, because now() stands still within a transaction.';


--
-- Name: check_comment(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.check_comment(comment text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if octet_length(comment) > 8000 or length(comment) > 2000 then
    raise exception using
      errcode = 'PS107',
      message = 'The comment is too long',
      detail = format('It has %s bytes; 2000 characters are allowed.', octet_length(comment)),
      hint = 'Shorten the comment.';
  end if;
  return nullif(btrim(comment, E' \t\r\n'), '');
end
$$;


ALTER FUNCTION postern_internal.check_comment(comment text) OWNER TO postern_owner;

--
-- Name: FUNCTION check_comment(comment text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.check_comment(comment text) IS 'The comment without white space at its ends; NULL if nothing is left. Errors: PS107 over 2000 characters.';


--
-- Name: check_gate(text, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  gate postern_internal.gate;
  opened postern_internal.current_open_gate;
  reason text;
  explanation text;
begin
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = check_gate.gate_id;
  if gate.exclusive then
    parameters := postern_internal.check_parameters(gate_id, gate.parameters, parameters);
    message := postern_internal.substitute(gate.message_template, gate.parameters, parameters);
    nonce := postern_internal.pass_exclusive_gate(gate, action, message, parameters);
    asked := true;
    return;
  end if;

  select o.* into opened from postern_internal.current_open_gate as o where not postern_internal.in_unapproved_action();
  if opened.ticket is null then
    opened.userid := postern.current_userid();
  end if;
  parameters := postern_internal.check_parameters(gate_id, gate.parameters, parameters);
  message := postern_internal.substitute(gate.message_template, gate.parameters, parameters);
  nonce := opened.nonce;
  if opened.ticket is null then
    perform postern_internal.raise_checkpoint_required(gate_id, opened.userid, message, parameters);
  end if;

  -- The first gate must be the approved one, with the same values and in time. It then opens the others: that it was
  -- passed is in the log, and a rollback to a savepoint removes that entry too. An action opens all gates when it
  -- begins, after its own checkpoint has passed; before that, its ticket matches no gate.
  asked := action is not null
           or opened.action is null and opened.digest = postern_internal.digest(gate_id, null, gate.unbound_parameters, parameters);
  if not opened.action_begun and (opened.expires_at <= clock_timestamp() or not asked) then
    perform
       from postern_internal.own_entry as e
      where e.ticket = opened.ticket
        and e.outcome = 'passed';
    if not found then
      if opened.action is not null then
        reason := 'other_gate';
        explanation := format('The ticket was approved for action %s, which has not begun, but gate %s was reached.', opened.action, gate_id);
      elsif opened.expires_at <= clock_timestamp() then
        reason := 'expired';
        explanation := format('The ticket was for gate %s and has expired.', opened.gate_id);
      elsif opened.gate_id <> gate_id then
        reason := 'other_gate';
        explanation := format('The ticket was approved for gate %s, but gate %s was reached first.', opened.gate_id, gate_id);
      else
        reason := 'changed';
        explanation := format('The ticket was approved for gate %s with other parameters.', gate_id);
      end if;
      perform postern_internal.raise_ticket_invalid(reason, explanation,
        jsonb_build_object('gate', gate_id, 'approved_gate', opened.gate_id, 'approved_action', opened.action, 'expires_at', opened.expires_at),
        message => 'The ticket does not open this gate',
        hint => 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns.');
    end if;
  end if;
end
$$;


ALTER FUNCTION postern_internal.check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text) OWNER TO postern_owner;

--
-- Name: FUNCTION check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text) IS 'How an active gate is passed in this transaction. action: the action that begins, if the gate is its own checkpoint; otherwise NULL. Returns the parameters; the message; asked: whether the person was shown this gate with the same bound values, instead of its being opened by another gate''s approval; nonce: the row of open_gate that opens it. Errors: PS101 the gate is not open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';


--
-- Name: check_gate_message(text, text[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.check_gate_message(message text, names text[]) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  undeclared text;
  cut text;
  redundant text;
begin
  perform postern_internal.require_text(message, 'message', 2000);

  -- A reference is the longest declared name with which the text after & begins.
  select string_agg(reference.word, ', ') filter (where not reference.declared),
         string_agg(reference.word, ', ') filter (where reference.declared and reference.word <> all (names))
    into undeclared, cut
    from (select distinct r.word[1] as word,
                 exists (select from unnest(names) as name where starts_with(r.word[1], name)) as declared
            from regexp_matches(message, '&([A-Za-z_][A-Za-z0-9_]*)', 'g') as r (word)) as reference;
  if undeclared is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The message names parameters that are not declared',
      detail = format('Not declared: %s. Declared: %s.', undeclared, coalesce(nullif(array_to_string(names, ', '), ''), 'none')),
      hint = 'Declare them, or take them out of the message. Upper and lower case differ.';
  end if;
  if cut is not null then
    raise warning using
      message = format('The message names %s, which only begins with a declared parameter', cut),
      detail = 'The longest declared name is replaced, and the rest stays as text.',
      hint = 'Put a space after the parameter, or declare the longer name.';
  end if;

  redundant := postern.redundant_words(message);
  if redundant is not null then
    raise warning using
      message = 'The message repeats what every log entry contains',
      detail = format('It has: %s.', redundant),
      hint = 'Say what happened and to which business object. Each log entry already has the user and the time, and is about a checkpoint.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.check_gate_message(message text, names text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION check_gate_message(message text, names text[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.check_gate_message(message text, names text[]) IS 'Raises PS107 if the message is missing, has over 2000 characters, or names a parameter that is not in names. Warns if it repeats what each log entry contains anyway.';


--
-- Name: check_parameters(text, text[], jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.check_parameters(gate_id text, names text[], parameters jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $_$
begin
  -- Runs in every pass: one check for all faults, and only then the question which one it was. A value of few bytes
  -- cannot have a text that is too long.
  if pg_column_size(parameters) <= 1024
     and jsonb_typeof(parameters) = 'object' and parameters ?& names and parameters - names = '{}' and length(parameters::text) <= 32768 then
    return parameters;
  end if;
  -- The size is checked before the text, which takes a second for 100 MB, and in a statement of its own, because a
  -- query would copy the parameters. Anything that fits in 32768 characters is smaller than this limit, even as many
  -- small values.
  if pg_column_size(parameters) > 262144 then
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters));
  end if;
  -- The text of a number can be 10000 times its size.
  if exists (select
               from jsonb_path_query(parameters, 'strict $.** ? (@.type() == "number")') as n
              where abs(n::numeric) >= 1e1000 or scale(n::numeric) > 1000) then
    perform postern_internal.refuse_long_parameters(pg_column_size(parameters));
  end if;
  if jsonb_typeof(parameters) is distinct from 'object' then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters are not a JSON object',
      detail = format('They are %s.', coalesce('of type ' || jsonb_typeof(parameters), 'NULL')),
      hint = 'Pass one object with a value for each parameter of the gate.';
  end if;
  if not parameters ?& names or parameters - names <> '{}' then
    raise exception using
      errcode = 'PS107',
      message = format('The parameters are not those of gate %s', gate_id),
      detail = format('Missing: %s. Not declared: %s.',
        coalesce((select string_agg(name, ', ') from unnest(names) as name where not parameters ? name), 'none'),
        coalesce((select left(string_agg(left(name, 128), ', '), 1000) from jsonb_object_keys(parameters - names) as name), 'none')),
      hint = format('Pass the parameters of gate %s: %s.', gate_id, coalesce(nullif(array_to_string(names, ', '), ''), 'none'));
  end if;
  if length(parameters::text) > 32768 then
    raise exception using
      errcode = 'PS107',
      message = 'The parameters are too long',
      detail = format('As text they have %s characters; 32768 are allowed.', length(parameters::text)),
      hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
  end if;
  return parameters;
end
$_$;


ALTER FUNCTION postern_internal.check_parameters(gate_id text, names text[], parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION check_parameters(gate_id text, names text[], parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.check_parameters(gate_id text, names text[], parameters jsonb) IS 'Returns the parameters unchanged. Errors: PS107 if parameters of the gate are missing, others are present (DETAIL names them), or the text is longer than 32768 characters.';


--
-- Name: check_protected_table(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.check_protected_table() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_allowed_login('postern_admin');
  return null;
end
$$;


ALTER FUNCTION postern_internal.check_protected_table() OWNER TO postern_owner;

--
-- Name: FUNCTION check_protected_table(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.check_protected_table() IS 'Trigger of postern_internal.protected_table. Errors: 42501 this database does not allow the login.';


--
-- Name: class_allows(bigint, text[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.class_allows(class_id bigint, codes text[]) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(bool_and(c.allowed), false)
    from postern_internal.authority_combination as c
   where c.class_id = class_allows.class_id
     and postern_internal.rule_matches(codes, c.patterns)
$$;


ALTER FUNCTION postern_internal.class_allows(class_id bigint, codes text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION class_allows(class_id bigint, codes text[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.class_allows(class_id bigint, codes text[]) IS 'Whether a class allows one code string. Not allowed always wins; what no rule allows is not allowed. compile_blocks gives the same answer for many code strings at once.';


--
-- Name: class_condition(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.class_condition(class_id bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  with rule as (
    select c.allowed, c.patterns, row_number() over (order by c.combination_id) as rule_no
      from postern_internal.authority_combination as c
     where c.class_id = class_condition.class_id
  ), condition as (
    select r.allowed, r.rule_no,
           coalesce(string_agg(format(case when p.pattern = ' ' then 'c.code_%1$s is null'
                                           when p.pattern ~ '[%_[]' then 'c.code_%1$s like ($1)[%2$s]'
                                           else 'c.code_%1$s = ($1)[%2$s]' end,
                                      substr('abcdefghij', p.part::integer, 1), (r.rule_no - 1) * 10 + p.part),
                               ' and ' order by p.part)
                      filter (where p.pattern !~ '^%+$'),
                    'true') as test
      from rule as r
     cross join lateral unnest(r.patterns) with ordinality as p (pattern, part)
     group by r.allowed, r.rule_no
  )
  select format('(%s) is true and (%s) is not true',
                coalesce(string_agg(c.test, ' or ' order by c.rule_no) filter (where c.allowed), 'false'),
                coalesce(string_agg(c.test, ' or ' order by c.rule_no) filter (where not c.allowed), 'false'))
    from condition as c
$_$;


ALTER FUNCTION postern_internal.class_condition(class_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION class_condition(class_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.class_condition(class_id bigint) IS 'Whether a class allows a code string, as a condition over postern.posting_combination c, with the class''s patterns (class_patterns) as $1.';


--
-- Name: class_patterns(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.class_patterns(class_id bigint) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select coalesce(array_agg(case when p.pattern ~ '[%_[]' then postern_internal.like_pattern(p.pattern) else p.pattern end
                            order by c.combination_id, p.part), '{}')
    from postern_internal.authority_combination as c
   cross join lateral unnest(c.patterns) with ordinality as p (pattern, part)
   where c.class_id = class_patterns.class_id
$$;


ALTER FUNCTION postern_internal.class_patterns(class_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION class_patterns(class_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.class_patterns(class_id bigint) IS 'The patterns of a class, one after the other, as class_condition numbers them.';


--
-- Name: like_pattern(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.like_pattern(pattern text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (strpos(pattern, '['::text) = 0) THEN replace(pattern, '\'::text, '\\'::text) ELSE regexp_replace(replace(pattern, '\'::text, '\\'::text), '\[([%_[])\]'::text, '\\\1'::text, 'g'::text) END;


ALTER FUNCTION postern_internal.like_pattern(pattern text) OWNER TO postern_owner;

--
-- Name: FUNCTION like_pattern(pattern text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.like_pattern(pattern text) IS 'The pattern of a rule, translated into a pattern of LIKE.';


--
-- Name: code_matches(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.code_matches(code text, pattern text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (pattern ~ '^%+$'::text) THEN true WHEN (pattern = ' '::text) THEN (code IS NULL) ELSE COALESCE(((code COLLATE "C") ~~ postern_internal.like_pattern(pattern)), false) END;


ALTER FUNCTION postern_internal.code_matches(code text, pattern text) OWNER TO postern_owner;

--
-- Name: FUNCTION code_matches(code text, pattern text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.code_matches(code text, pattern text) IS 'Whether a pattern of a rule matches a code part (NULL: blank).';


--
-- Name: code_string(text, text, text, text, text, text, text, text, text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
declare
  codes text[] := array[code_a, nullif(code_b, ''), nullif(code_c, ''), nullif(code_d, ''), nullif(code_e, ''),
                        nullif(code_f, ''), nullif(code_g, ''), nullif(code_h, ''), nullif(code_i, ''), nullif(code_j, '')];
begin
  -- One expression instead of a loop, because this runs for each new combination.
  if postern_internal.is_code(code_a)
     and (coalesce(code_b, '') = '' or postern_internal.is_code(code_b))
     and (coalesce(code_c, '') = '' or postern_internal.is_code(code_c))
     and (coalesce(code_d, '') = '' or postern_internal.is_code(code_d))
     and (coalesce(code_e, '') = '' or postern_internal.is_code(code_e))
     and (coalesce(code_f, '') = '' or postern_internal.is_code(code_f))
     and (coalesce(code_g, '') = '' or postern_internal.is_code(code_g))
     and (coalesce(code_h, '') = '' or postern_internal.is_code(code_h))
     and (coalesce(code_i, '') = '' or postern_internal.is_code(code_i))
     and (coalesce(code_j, '') = '' or postern_internal.is_code(code_j)) then
    return codes;
  end if;
  for i in 1 .. 10 loop
    if i = 1 or codes[i] is not null then
      perform postern_internal.require_code(codes[i], 'code_' || substr('abcdefghij', i, 1));
    end if;
  end loop;
  return codes;
end
$$;


ALTER FUNCTION postern_internal.code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) OWNER TO postern_owner;

--
-- Name: FUNCTION code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) IS 'The ten code parts as one array, with blank ones (NULL or empty) as NULL. Errors: PS301 code part A is blank, or a code part is not usable.';


--
-- Name: combination_id(numeric); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.combination_id(posting_combination_id numeric) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN ((posting_combination_id >= (1)::numeric) AND (posting_combination_id <= ('9223372036854775807'::bigint)::numeric) AND (posting_combination_id = trunc(posting_combination_id))) THEN (posting_combination_id)::bigint ELSE NULL::bigint END;


ALTER FUNCTION postern_internal.combination_id(posting_combination_id numeric) OWNER TO postern_owner;

--
-- Name: FUNCTION combination_id(posting_combination_id numeric); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.combination_id(posting_combination_id numeric) IS 'The id of a posting combination as a bigint; NULL for fractions, and for numbers below 1 or beyond bigint.';


--
-- Name: combination_is_allowed(text, bigint, bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.combination_is_allowed(company text, class_id bigint, posting_combination_id bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  chunk record;
  codes text[];
begin
  if class_id is not null then
    select m.first_id, m.compiled_offset, m.bits
      into chunk
      from postern_internal.authority_map as m
     where m.class_id = combination_is_allowed.class_id and m.first_id <= posting_combination_id
     order by m.first_id desc
     limit 1;
    if posting_combination_id - chunk.first_id < chunk.compiled_offset then
      return get_bit(chunk.bits, posting_combination_id - chunk.first_id) = 1;
    end if;
  end if;
  select array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
    into codes
    from postern.posting_combination as p
   where p.company = combination_is_allowed.company and p.posting_combination_id = combination_is_allowed.posting_combination_id;
  if not found then
    codes := postern_internal.new_combination(company, posting_combination_id);
  end if;
  return codes is not null and (class_id is null or postern_internal.class_allows(class_id, codes));
end
$$;


ALTER FUNCTION postern_internal.combination_is_allowed(company text, class_id bigint, posting_combination_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION combination_is_allowed(company text, class_id bigint, posting_combination_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.combination_is_allowed(company text, class_id bigint, posting_combination_id bigint) IS 'Whether a class allows a posting combination of a company. class_id NULL: no restriction. Also finds one that the running statement has created. False for ids that do not belong to the company, and for NULL.';


--
-- Name: compile_blocks(bigint, text, bigint, bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.compile_blocks(class_id bigint, company text, from_id bigint, to_id bigint) RETURNS TABLE(first_id bigint, ids integer, bits bytea)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  return query execute format($query$
    select k.first_ids[width_bucket(w.word_no * 64, k.first_ids)], sum(w.ids)::integer, string_agg(int8send(w.word), ''::bytea order by w.word_no)
      from (select c.posting_combination_id / 64 as word_no,
                   count(*) as ids,
                   bit_or(case when %s then 1::bigint << ((c.posting_combination_id & 63)::integer # 56) else 0 end) as word
              from postern.posting_combination as c
             where c.company = $2 and c.posting_combination_id between $3 and $4
             group by 1) as w
     cross join (select array_agg(b.first_id order by b.first_id) as first_ids
                   from postern_internal.combination_block as b
                  where b.company = $2) as k
     group by 1$query$, postern_internal.class_condition(class_id))
  using postern_internal.class_patterns(class_id), company, from_id, to_id;
end
$_$;


ALTER FUNCTION postern_internal.compile_blocks(class_id bigint, company text, from_id bigint, to_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION compile_blocks(class_id bigint, company text, from_id bigint, to_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.compile_blocks(class_id bigint, company text, from_id bigint, to_id bigint) IS 'For each block of a company: how many posting combinations it has from from_id, a multiple of 64, to to_id, and one bit for each that says whether the class allows it. The bits are not padded to the size of the block.';


--
-- Name: compile_class(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.compile_class(class_id bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  company text;
begin
  select c.company into strict company from postern_internal.authority_class as c where c.class_id = compile_class.class_id;
  -- One statement, and so one snapshot, reads the combinations and how many of them are compiled. Readers evaluate what
  -- others add meanwhile.
  insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
  select compile_class.class_id, b.first_id, b.ids, b.bits || postern_internal.zeros(k.size / 8 - octet_length(b.bits))
    from postern_internal.compile_blocks(compile_class.class_id, company, 0, 9223372036854775807) as b
    join postern_internal.combination_block as k on k.first_id = b.first_id
  on conflict on constraint authority_map_pkey do update
     set compiled_offset = excluded.compiled_offset, bits = excluded.bits
   where (m.compiled_offset, m.bits) <> (excluded.compiled_offset, excluded.bits);
end
$$;


ALTER FUNCTION postern_internal.compile_class(class_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION compile_class(class_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.compile_class(class_id bigint) IS 'Compiles the map of one class again, in the transaction that has changed its rules, after begin_class_change. Writes only the chunks that differ.';


--
-- Name: create_challenge(text, postern_internal.gate, text, jsonb, text, timestamp with time zone); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  content text;
begin
  content := postern_internal.encode_base64url(convert_to(jsonb_build_object(
    'user', userid,
    'role', session_user,
    'gate', gate.gate_id,
    'description', gate.description,
    'action', action,
    'message', message,
    'parameters', parameters,
    'digest', encode(postern_internal.digest(gate.gate_id, action, gate.unbound_parameters, parameters), 'hex'),
    'expires', extract(epoch from expires_at),
    'nonce', postern_internal.new_uuid())::text, 'UTF8'));
  return content || '.' || postern_internal.sign_challenge(content);
end
$$;


ALTER FUNCTION postern_internal.create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone) OWNER TO postern_owner;

--
-- Name: FUNCTION create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone) IS 'A signed challenge for one user, the current database role, one gate or one action, and the bound parameters. action: NULL for a gate alone.';


--
-- Name: create_class(text, text, text, boolean); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.create_class(company text, ledger_id text, class text, built_in boolean) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  class_id bigint;
begin
  insert into postern_internal.authority_class as c (company, ledger_id, class, built_in)
  values (company, ledger_id, class, built_in)
  on conflict do nothing
  returning c.class_id into class_id;
  if class_id is null then
    raise exception using
      errcode = 'PS301',
      message = 'The authority class already exists',
      detail = concat_ws(', ', format('company is %s', to_jsonb(company)), 'ledger_id is ' || to_jsonb(ledger_id)::text, format('class is %s.', to_jsonb(class))),
      hint = 'Choose a name that is not in postern.authority_class. MAX, which allows everything, always exists.';
  end if;
  if built_in then
    insert into postern_internal.authority_combination (class_id, allowed, patterns)
    values (class_id, true, array_fill('%'::text, array[10]));
  end if;
  perform postern_internal.compile_class(class_id);
  return class_id;
end
$$;


ALTER FUNCTION postern_internal.create_class(company text, ledger_id text, class text, built_in boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION create_class(company text, ledger_id text, class text, built_in boolean); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.create_class(company text, ledger_id text, class text, built_in boolean) IS 'Adds an authority class to a company, or to an internal ledger of it. built_in: one that allows everything. Errors: PS301 class exists.';


--
-- Name: create_webhook_secret(integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.create_webhook_secret(event_action_id integer) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET debug_print_plan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
declare
  new_secret constant bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
begin
  insert into postern_internal.webhook_secret (event_action_id, secret) values (create_webhook_secret.event_action_id, new_secret);
  return 'whsec_' || encode(new_secret, 'base64');
end
$$;


ALTER FUNCTION postern_internal.create_webhook_secret(event_action_id integer) OWNER TO postern_owner;

--
-- Name: FUNCTION create_webhook_secret(event_action_id integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.create_webhook_secret(event_action_id integer) IS 'Creates the secret of a webhook, and returns it in the form that the receiver needs. event_action_id: of an action; all secrets that it already has must have an expiry.';


--
-- Name: current_place(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.current_place() RETURNS postern_internal.place
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  place postern_internal.place;
  any_position pg_lsn := pg_lsn '0/1';
begin
  select c.system_identifier, d.oid, 'postern_internal.checkpoint_entry'::regclass::oid
    into place.system_identifier, place.database_oid, place.log_oid
    from pg_control_system() as c
   cross join pg_database as d
   where d.datname = current_database();
  if pg_is_in_recovery() then
    place.timeline := (select c.timeline_id::bigint from pg_control_checkpoint() as c);
  else
    place.timeline := ('x' || left(pg_walfile_name(any_position), 8))::bit(32)::bigint;
  end if;
  return place;
end
$$;


ALTER FUNCTION postern_internal.current_place() OWNER TO postern_owner;

--
-- Name: FUNCTION current_place(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.current_place() IS 'Which database this is; compare it with one that was recorded.';


--
-- Name: decode_base64url(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.decode_base64url(encoded text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN decode(rpad(translate(encoded, '-_'::text, '+/'::text), (((length(encoded) + 3) / 4) * 4), '='::text), 'base64'::text);


ALTER FUNCTION postern_internal.decode_base64url(encoded text) OWNER TO postern_owner;

--
-- Name: FUNCTION decode_base64url(encoded text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.decode_base64url(encoded text) IS 'The bytes of a base64url text without padding. Errors: 22023 if it is not one.';


--
-- Name: delete_expired_tickets(integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.delete_expired_tickets(maximum integer) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  -- Evaluated once instead of for each row: a volatile condition cannot use an index.
  oldest constant timestamptz := postern_internal.tickets_kept_since();
  nonces text[];
begin
  with expired as (
    delete from postern_internal.ticket as t
     where t.ctid = any (array(
             select o.ctid
               from postern_internal.ticket as o
              where o.expires_at < oldest
              order by o.expires_at
              limit maximum
                for update skip locked))
    returning t.nonce
  )
  select array_agg(e.nonce) into nonces from expired as e;
  -- A gate that is skipped here is being deleted by whoever deletes another ticket of its challenge.
  delete from postern_internal.open_gate as g
   where g.ctid = any (array(
           select o.ctid from postern_internal.open_gate as o where o.nonce = any (nonces) for update skip locked));
  return coalesce(cardinality(nonces), 0)::bigint;
end
$$;


ALTER FUNCTION postern_internal.delete_expired_tickets(maximum integer) OWNER TO postern_owner;

--
-- Name: FUNCTION delete_expired_tickets(maximum integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.delete_expired_tickets(maximum integer) IS 'Deletes tickets that expired before tickets_kept_since, at most maximum of them, the oldest first, and the gates that they opened. Waits for nobody. Returns how many tickets were deleted.';


--
-- Name: deliveries_kept_since(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.deliveries_kept_since() RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select clock_timestamp() - make_interval(days => postern_internal.setting_integer('event_days'))
$$;


ALTER FUNCTION postern_internal.deliveries_kept_since() OWNER TO postern_owner;

--
-- Name: FUNCTION deliveries_kept_since(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.deliveries_kept_since() IS 'Deliveries that finished before this moment are deleted, except dead letters.';


--
-- Name: derive_gate_stops(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.derive_gate_stops(changed_gate_id text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  -- Two statements, so that a single gate is found by its key.
  if changed_gate_id is null then
    update postern_internal.gate as g
       set stops = d.stops
      from postern_internal.derived_gate as d
     where d.gate_id = g.gate_id and g.stops <> d.stops;
  else
    update postern_internal.gate as g
       set stops = d.stops
      from postern_internal.derived_gate as d
     where g.gate_id = changed_gate_id and d.gate_id = changed_gate_id and g.stops <> d.stops;
  end if;
end
$$;


ALTER FUNCTION postern_internal.derive_gate_stops(changed_gate_id text) OWNER TO postern_owner;

--
-- Name: FUNCTION derive_gate_stops(changed_gate_id text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.derive_gate_stops(changed_gate_id text) IS 'Updates gate.stops from active, built_in and the setting checkpoints_enabled, for one gate, or for all if changed_gate_id is NULL. Call it after changing one of these, with lock_settings held.';


--
-- Name: digest(text, text, text[], jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.digest(gate_id text, action text, unbound_parameters text[], parameters jsonb) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(convert_to(((jsonb_build_array(gate_id, action, unbound_parameters))::text || postern_internal.canonical_text((parameters - unbound_parameters))), 'UTF8'::name));


ALTER FUNCTION postern_internal.digest(gate_id text, action text, unbound_parameters text[], parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION digest(gate_id text, action text, unbound_parameters text[], parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.digest(gate_id text, action text, unbound_parameters text[], parameters jsonb) IS 'SHA-256 over gate, action, the names of the unbound parameters, and all other parameters by value instead of by spelling.';


--
-- Name: encode_base64url(bytea); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.encode_base64url(bytes bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN translate(encode(bytes, 'base64'::text), '+/=
'::text, '-_'::text);


ALTER FUNCTION postern_internal.encode_base64url(bytes bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION encode_base64url(bytes bytea); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.encode_base64url(bytes bytea) IS 'Base64url of RFC 4648 without padding.';


--
-- Name: encode_field(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.encode_field(value text) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (value IS NULL) THEN '\x00'::bytea
             ELSE (('\x02'::bytea || int4send(octet_length(value))) || convert_to(value, 'UTF8'::name))
         END AS "case";
END;


ALTER FUNCTION postern_internal.encode_field(value text) OWNER TO postern_owner;

--
-- Name: FUNCTION encode_field(value text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.encode_field(value text) IS 'A text as a field of a leaf: type 2, the length, UTF-8; NULL is type 0.';


--
-- Name: event_document(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.event_document(log_id bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
begin
  return (
    select jsonb_build_object(
             'log_id', c.log_id, 'is_logged', e.log_id is not null, 'event', v.event,
             'event_time', regexp_replace(to_char(e.logged_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '[.]?0+$', '') || 'Z',
             'userid', e.userid, 'user_description', u.description, 'authenticated_by', e.authenticated_by, 'gate_id', e.gate_id,
             'message', e.message, 'comment', e.comment, 'asked', e.asked, 'approval', case e.outcome when 'passed' then e.ticket end,
             'approved_gate_id', e.approved_gate_id, 'approved_message', e.approved_message)
      from (select event_document.log_id) as c (log_id)
      left join postern_internal.checkpoint_entry as e on e.log_id = c.log_id
      left join postern_internal.event as v on v.outcome = e.outcome
      left join postern_internal.end_user as u on u.userid = e.userid);
end
$_$;


ALTER FUNCTION postern_internal.event_document(log_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION event_document(log_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.event_document(log_id bigint) IS 'The parameters of the event for an entry of the log; missing ones are null. event_time is RFC 3339, in UTC. is_logged: false if the entry was dropped.';


--
-- Name: event_function(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.event_function(name text) RETURNS regprocedure
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  parts text[];
begin
  -- Looked up in the catalog, because resolving a name needs rights on its schema, which postern_owner may lack.
  begin
    parts := parse_ident(regexp_replace(name, '[[:space:]]*[(][[:space:]]*jsonb[[:space:]]*[)][[:space:]]*$', ''));
  exception when invalid_parameter_value then
    return null;
  end;
  return (
    select p.oid::regprocedure
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
     where cardinality(parts) = 2
       and n.nspname = parts[1]
       and p.proname = parts[2]
       and p.prokind = 'f'
       and not p.proretset
       and p.prorettype = 'void'::regtype
       and p.pronargs = 1
       and p.proargtypes[0] = 'jsonb'::regtype
       and p.prosecdef
       and exists (select from unnest(p.proconfig) as setting where starts_with(setting, 'search_path='))
       and exists (select
                     from aclexplode(p.proacl) as a
                    where a.grantee = 'postern_event_function'::regrole
                      and a.privilege_type = 'EXECUTE'));
end
$_$;


ALTER FUNCTION postern_internal.event_function(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION event_function(name text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.event_function(name text) IS 'The function with this name (schema.name or schema.name(jsonb)), if events may call it: (event jsonb) returns void, SECURITY DEFINER, with its search_path set, and EXECUTE granted directly to postern_event_function. NULL otherwise.';


--
-- Name: event_function_version(regprocedure); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.event_function_version(callee regprocedure) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return (
    select concat_ws(' ', p.oid, p.xmin, n.xmin, runner.oid, runner.xmin)
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
      join pg_proc as runner on runner.oid = to_regprocedure('postern_internal.run_event_function(text, jsonb)')
                            and runner.proowner = 'postern_event_function'::regrole
                            and runner.prosecdef
     where p.oid = callee);
end
$$;


ALTER FUNCTION postern_internal.event_function_version(callee regprocedure) OWNER TO postern_owner;

--
-- Name: FUNCTION event_function_version(callee regprocedure); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.event_function_version(callee regprocedure) IS 'A text that differs after each change of a function, of its schema, and of postern_internal.run_event_function. NULL if one of them is missing, or if run_event_function no longer takes the rights away.';


--
-- Name: event_is_waiting(integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.event_is_waiting(event_action_id integer) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  select exists (
           select
             from postern_internal.checkpoint_entry as e
            where e.transaction_id = any (array(select pg_snapshot_xip(a.queued_to)))
              and e.log_id + 0 > a.after_log_id
              and e.outcome = v.outcome)
      or exists (
           select
             from postern_internal.checkpoint_entry as e
            where e.transaction_id >= pg_snapshot_xmax(a.queued_to)
              and e.log_id + 0 > a.after_log_id
              and e.outcome = v.outcome)
      -- Entries with other outcomes must not be read again and again.
      or a.queued_at < clock_timestamp() - interval '1 minute'
         and pg_snapshot_xmax(a.queued_to) < pg_snapshot_xmax(pg_current_snapshot())
    from postern_internal.event_action as a
    join postern_internal.event as v on v.event = a.event
   where a.event_action_id = event_is_waiting.event_action_id
     and v.enabled
     and a.disabled_at is null
$$;


ALTER FUNCTION postern_internal.event_is_waiting(event_action_id integer) OWNER TO postern_owner;

--
-- Name: FUNCTION event_is_waiting(event_action_id integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.event_is_waiting(event_action_id integer) IS 'Whether queue_event_deliveries may find something to queue, or has not looked for a minute.';


--
-- Name: event_session_settings(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.event_session_settings() RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return concat_ws(';',
    current_setting('datestyle'), current_setting('intervalstyle'), current_setting('timezone'), current_setting('timezone_abbreviations'),
    current_setting('standard_conforming_strings'), current_setting('transform_null_equals'), current_setting('array_nulls'),
    current_setting('bytea_output'), current_setting('extra_float_digits'), current_setting('quote_all_identifiers'),
    current_setting('lc_monetary'), current_setting('xmlbinary'), current_setting('xmloption'), current_setting('session_replication_role'),
    current_setting('plpgsql.variable_conflict'), current_setting('plpgsql.extra_errors'));
end
$$;


ALTER FUNCTION postern_internal.event_session_settings() OWNER TO postern_owner;

--
-- Name: FUNCTION event_session_settings(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.event_session_settings() IS 'The current values of the settings that decide what the text of a statement means, for comparison. They have their effect when a session first reads the statement, and keep it.';


--
-- Name: event_snapshot(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.event_snapshot() RETURNS pg_snapshot
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select format('%s:%s:%s', least(pg_snapshot_xmin(now.snapshot), pg_current_xact_id_if_assigned()), pg_snapshot_xmax(now.snapshot),
                (select string_agg(x.xid::text, ',' order by x.xid)
                   from (select pg_snapshot_xip(now.snapshot) as xid
                          union
                         select pg_current_xact_id_if_assigned()) as x
                  where x.xid < pg_snapshot_xmax(now.snapshot)))::pg_snapshot
    from (select pg_current_snapshot() as snapshot) as now
$$;


ALTER FUNCTION postern_internal.event_snapshot() OWNER TO postern_owner;

--
-- Name: FUNCTION event_snapshot(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.event_snapshot() IS 'The current snapshot, with the current transaction among those in progress.';


--
-- Name: expire_tickets(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.expire_tickets(userid text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  ends_at timestamptz;
begin
  update postern_internal.credential as c set first_filler = gen_random_uuid() where c.userid = expire_tickets.userid;
  -- Evaluated once, so that the index finds the few tickets that have not expired. And only now: that attempt may have
  -- taken long, and tickets_kept_since relies on no ticket expiring before it is made.
  ends_at := clock_timestamp();
  update postern_internal.ticket as t
     set expires_at = ends_at
   where expire_tickets.userid in (t.userid, t.authenticated_by)
     and t.expires_at > ends_at;
end
$$;


ALTER FUNCTION postern_internal.expire_tickets(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION expire_tickets(userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.expire_tickets(userid text) IS 'Ends the unused tickets that userid has approved, and those that somebody else approved in a session of userid.';


--
-- Name: find_action(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.find_action(action text) RETURNS postern_internal.action
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found_action postern_internal.action;
begin
  select a.* into found_action from postern_internal.action as a where a.action = find_action.action;
  if not found then
    raise exception using
      errcode = 'PS106',
      message = 'There is no such action',
      detail = format('action is %s.', coalesce(to_jsonb(left(action, 128))::text, 'NULL')),
      hint = coalesce(
        (select format('Write %s, the registered spelling: upper and lower case differ.', a.action)
           from postern_internal.action as a
          where upper(a.action collate "C") = upper(find_action.action collate "C")),
        'Register it with postern.register_action, or choose one of the actions in postern.action.');
  end if;
  return found_action;
end
$$;


ALTER FUNCTION postern_internal.find_action(action text) OWNER TO postern_owner;

--
-- Name: FUNCTION find_action(action text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.find_action(action text) IS 'The action of this name. Errors: PS106 there is none.';


--
-- Name: find_ticket(uuid); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.find_ticket(ticket uuid) RETURNS postern_internal.ticket
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  current_user_id text := postern.current_userid();
  found_ticket postern_internal.ticket;
begin
  select t.* into found_ticket
    from postern_internal.ticket as t
   where t.ticket = find_ticket.ticket
     and t.userid = current_user_id
     and t.session_role = session_user;
  if not found then
    -- A ticket is hard to guess. Somebody who knows one learns only that it belongs to another user, not to whom.
    select t.* into found_ticket from postern_internal.ticket as t where t.ticket = find_ticket.ticket;
    if not found then
      perform postern_internal.raise_ticket_invalid('unknown', 'It is unknown here: never issued, not committed yet, or long expired.');
    elsif found_ticket.userid <> current_user_id then
      perform postern_internal.raise_ticket_invalid('other_user', 'It was made for another user.');
    end if;
    perform postern_internal.raise_ticket_invalid('other_role', 'It was made for another database role.');
  end if;
  if found_ticket.transaction_id = pg_current_xact_id_if_assigned() then
    perform postern_internal.raise_ticket_invalid('uncommitted', 'It was made in this same transaction, which must commit first.');
  end if;
  return found_ticket;
end
$$;


ALTER FUNCTION postern_internal.find_ticket(ticket uuid) OWNER TO postern_owner;

--
-- Name: FUNCTION find_ticket(ticket uuid); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.find_ticket(ticket uuid) IS 'The ticket, if an earlier committed transaction made it for the current user and database role. Errors: PS103, PS401, PS402.';


--
-- Name: fold_posting_combinations(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.fold_posting_combinations(after_id bigint DEFAULT NULL::bigint, OUT first_id bigint, OUT is_folded boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  block record;
  ids integer;
  locked bigint[];
  behind bigint[];
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    return;
  end if;
  select b.first_id, b.company, b.size, b.given, b.counted
    into block
    from postern_internal.combination_block as b
   where b.company is not null
     and (not b.counted or b.folded < b.given)
     and b.first_id > coalesce(after_id, -1)
   order by b.first_id
   limit 1
     for no key update skip locked;
  if not found then
    return;
  end if;
  first_id := block.first_id;
  ids := (select n from postern_internal.block_ids(block.company, block.first_id, block.size, block.given, block.counted) as n);

  locked := array(
    select c.class_id
      from postern_internal.authority_class as c
     where c.company = block.company
     order by c.class_id
       for no key update skip locked);
  is_folded := cardinality(locked) = (select count(*) from postern_internal.authority_class as c where c.company = block.company);
  if ids > 0 then
    -- A class with nothing to add keeps its revision.
    behind := array(
      select c
        from unnest(locked) as c
       where not exists (select
                           from postern_internal.authority_map as m
                          where m.class_id = c and m.first_id = block.first_id and m.compiled_offset = ids));
    perform postern_internal.begin_class_change(c) from unnest(behind) as c;
    insert into postern_internal.authority_map as m (class_id, first_id, compiled_offset, bits)
    select c, block.first_id, ids, postern_internal.merge_tail(c, block.company, block.first_id, block.size, o.compiled_offset, o.bits)
      from unnest(behind) as c
      left join postern_internal.authority_map as o on o.class_id = c and o.first_id = block.first_id
    on conflict on constraint authority_map_pkey do update
       set compiled_offset = excluded.compiled_offset, bits = excluded.bits;
  end if;

  update postern_internal.combination_block as b
     set given = ids, counted = true, folded = case when is_folded then ids else b.folded end
   where b.first_id = block.first_id;
end
$$;


ALTER FUNCTION postern_internal.fold_posting_combinations(after_id bigint, OUT first_id bigint, OUT is_folded boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION fold_posting_combinations(after_id bigint, OUT first_id bigint, OUT is_folded boolean); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.fold_posting_combinations(after_id bigint, OUT first_id bigint, OUT is_folded boolean) IS 'Compiles the new posting combinations of one block, at most 32768, into the maps of their company''s classes; until then every query evaluates them. after_id: takes the first such block after this id; NULL: the first of all. Returns the block, and whether all classes have it; both are NULL if there is none, or if the transaction is not at READ COMMITTED. Affects only speed.';


--
-- Name: fold_userid(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.fold_userid(userid text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  decomposed text;
  folded text;
begin
  if userid is null or octet_length(userid) > 512 then
    return null;
  end if;
  if userid ~ '^[!-~]+( [!-~]+)*$' then
    return translate(userid, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
  end if;
  if exists (select from string_to_table(userid, null) as c where not '{
    [32,126],[161,172],[174,846],[848,887],[890,895],[900,906],[908,908],[910,910],[911,929],[931,1327],
    [1329,1366],[1369,1418],[1421,1423],[1425,1479],[1488,1514],[1519,1524],[1542,1563],[1566,1756],[1758,1805],
    [1808,1866],[1869,1969],[1984,2042],[2045,2093],[2096,2110],[2112,2139],[2142,2142],[2144,2144],[2145,2154],
    [2208,2228],[2230,2247],[2259,2273],[2275,2435],[2437,2444],[2447,2448],[2451,2472],[2474,2480],[2482,2482],
    [2486,2486],[2487,2489],[2492,2500],[2503,2504],[2507,2510],[2519,2519],[2524,2524],[2525,2525],[2527,2527],
    [2528,2531],[2534,2558],[2561,2563],[2565,2570],[2575,2576],[2579,2600],[2602,2608],[2610,2611],[2613,2614],
    [2616,2617],[2620,2620],[2622,2622],[2623,2626],[2631,2632],[2635,2637],[2641,2641],[2649,2649],[2650,2652],
    [2654,2654],[2662,2662],[2663,2678],[2689,2691],[2693,2701],[2703,2705],[2707,2728],[2730,2736],[2738,2739],
    [2741,2745],[2748,2757],[2759,2761],[2763,2765],[2768,2768],[2784,2784],[2785,2787],[2790,2801],[2809,2815],
    [2817,2819],[2821,2828],[2831,2832],[2835,2856],[2858,2864],[2866,2867],[2869,2873],[2876,2884],[2887,2888],
    [2891,2893],[2901,2903],[2908,2909],[2911,2915],[2918,2935],[2946,2947],[2949,2954],[2958,2960],[2962,2965],
    [2969,2970],[2972,2972],[2974,2974],[2975,2975],[2979,2979],[2980,2980],[2984,2984],[2985,2986],[2990,3001],
    [3006,3010],[3014,3016],[3018,3021],[3024,3024],[3031,3031],[3046,3066],[3072,3084],[3086,3088],[3090,3112],
    [3114,3129],[3133,3140],[3142,3144],[3146,3149],[3157,3158],[3160,3162],[3168,3171],[3174,3183],[3191,3212],
    [3214,3216],[3218,3240],[3242,3251],[3253,3257],[3260,3268],[3270,3272],[3274,3277],[3285,3286],[3294,3294],
    [3296,3296],[3297,3299],[3302,3311],[3313,3314],[3328,3340],[3342,3344],[3346,3396],[3398,3400],[3402,3407],
    [3412,3427],[3430,3455],[3457,3459],[3461,3478],[3482,3505],[3507,3515],[3517,3517],[3520,3520],[3521,3526],
    [3530,3530],[3535,3535],[3536,3540],[3542,3542],[3544,3544],[3545,3551],[3558,3567],[3570,3572],[3585,3642],
    [3647,3675],[3713,3714],[3716,3716],[3718,3718],[3719,3722],[3724,3747],[3749,3749],[3751,3751],[3752,3773],
    [3776,3780],[3782,3782],[3784,3784],[3785,3789],[3792,3801],[3804,3807],[3840,3911],[3913,3948],[3953,3991],
    [3993,4028],[4030,4044],[4046,4058],[4096,4293],[4295,4295],[4301,4301],[4304,4446],[4449,4680],[4682,4685],
    [4688,4694],[4696,4696],[4698,4698],[4699,4701],[4704,4744],[4746,4749],[4752,4784],[4786,4789],[4792,4798],
    [4800,4800],[4802,4802],[4803,4805],[4808,4822],[4824,4880],[4882,4885],[4888,4954],[4957,4988],[4992,5017],
    [5024,5109],[5112,5117],[5120,5759],[5761,5788],[5792,5880],[5888,5900],[5902,5908],[5920,5942],[5952,5971],
    [5984,5996],[5998,6000],[6002,6003],[6016,6067],[6070,6109],[6112,6121],[6128,6137],[6144,6154],[6160,6169],
    [6176,6264],[6272,6314],[6320,6389],[6400,6430],[6432,6443],[6448,6459],[6464,6464],[6468,6468],[6469,6509],
    [6512,6516],[6528,6571],[6576,6601],[6608,6618],[6622,6683],[6686,6750],[6752,6780],[6783,6793],[6800,6809],
    [6816,6829],[6832,6848],[6912,6987],[6992,7036],[7040,7155],[7164,7223],[7227,7241],[7245,7304],[7312,7354],
    [7357,7367],[7376,7418],[7424,7673],[7675,7957],[7960,7965],[7968,8005],[8008,8013],[8016,8023],[8025,8025],
    [8027,8027],[8029,8029],[8031,8031],[8032,8061],[8064,8116],[8118,8132],[8134,8147],[8150,8155],[8157,8175],
    [8178,8180],[8182,8190],[8208,8231],[8240,8286],[8304,8305],[8308,8334],[8336,8348],[8352,8383],[8400,8432],
    [8448,8587],[8592,9254],[9280,9290],[9312,10239],[10241,11123],[11126,11157],[11159,11310],[11312,11358],
    [11360,11507],[11513,11557],[11559,11559],[11565,11565],[11568,11623],[11631,11632],[11648,11670],
    [11680,11686],[11688,11694],[11696,11702],[11704,11710],[11712,11718],[11720,11726],[11728,11734],
    [11736,11742],[11744,11858],[11904,11929],[11931,12019],[12032,12245],[12272,12283],[12289,12351],
    [12353,12438],[12441,12543],[12549,12591],[12593,12643],[12645,12686],[12688,12771],[12784,12830],
    [12832,40956],[40960,42124],[42128,42182],[42192,42539],[42560,42743],[42752,42943],[42946,42954],
    [42997,43052],[43056,43065],[43072,43127],[43136,43205],[43214,43225],[43232,43347],[43359,43388],
    [43392,43469],[43471,43481],[43486,43518],[43520,43574],[43584,43597],[43600,43609],[43612,43714],
    [43739,43766],[43777,43782],[43785,43790],[43793,43798],[43808,43814],[43816,43822],[43824,43883],
    [43888,44013],[44016,44025],[44032,55203],[55216,55238],[55243,55291],[63744,64109],[64112,64217],
    [64256,64262],[64275,64279],[64285,64310],[64312,64316],[64318,64318],[64320,64320],[64321,64321],
    [64323,64323],[64324,64324],[64326,64326],[64327,64449],[64467,64831],[64848,64911],[64914,64967],
    [65008,65021],[65040,65049],[65056,65106],[65108,65126],[65128,65131],[65136,65140],[65142,65276],
    [65281,65439],[65441,65470],[65474,65479],[65482,65487],[65490,65495],[65498,65500],[65504,65510],
    [65512,65518],[65533,65533],[65536,65547],[65549,65574],[65576,65594],[65596,65597],[65599,65613],
    [65616,65629],[65664,65786],[65792,65794],[65799,65843],[65847,65934],[65936,65948],[65952,65952],
    [66000,66000],[66001,66045],[66176,66204],[66208,66256],[66272,66299],[66304,66339],[66349,66378],
    [66384,66426],[66432,66461],[66463,66499],[66504,66517],[66560,66717],[66720,66729],[66736,66771],
    [66776,66811],[66816,66855],[66864,66915],[66927,66927],[67072,67072],[67073,67382],[67392,67413],
    [67424,67431],[67584,67589],[67592,67592],[67594,67594],[67595,67637],[67639,67640],[67644,67644],
    [67647,67647],[67648,67669],[67671,67742],[67751,67759],[67808,67826],[67828,67829],[67835,67867],
    [67871,67897],[67903,67903],[67968,67968],[67969,68023],[68028,68047],[68050,68099],[68101,68102],
    [68108,68115],[68117,68119],[68121,68149],[68152,68154],[68159,68168],[68176,68184],[68192,68255],
    [68288,68326],[68331,68342],[68352,68405],[68409,68437],[68440,68466],[68472,68497],[68505,68508],
    [68521,68527],[68608,68680],[68736,68786],[68800,68850],[68858,68903],[68912,68921],[69216,69246],
    [69248,69289],[69291,69293],[69296,69297],[69376,69415],[69424,69465],[69552,69579],[69600,69622],
    [69632,69709],[69714,69743],[69760,69820],[69822,69825],[69840,69864],[69872,69881],[69888,69940],
    [69942,69959],[69968,70006],[70016,70111],[70113,70132],[70144,70161],[70163,70206],[70272,70278],
    [70280,70280],[70282,70282],[70283,70285],[70287,70301],[70303,70313],[70320,70378],[70384,70393],
    [70400,70403],[70405,70412],[70415,70416],[70419,70440],[70442,70448],[70450,70451],[70453,70457],
    [70459,70468],[70471,70472],[70475,70477],[70480,70480],[70487,70487],[70493,70499],[70502,70508],
    [70512,70516],[70656,70747],[70749,70753],[70784,70855],[70864,70873],[71040,71093],[71096,71133],
    [71168,71236],[71248,71257],[71264,71276],[71296,71352],[71360,71369],[71424,71450],[71453,71467],
    [71472,71487],[71680,71739],[71840,71922],[71935,71942],[71945,71945],[71948,71948],[71949,71955],
    [71957,71958],[71960,71989],[71991,71992],[71995,72006],[72016,72025],[72096,72103],[72106,72151],
    [72154,72164],[72192,72263],[72272,72354],[72384,72440],[72704,72712],[72714,72758],[72760,72773],
    [72784,72812],[72816,72847],[72850,72871],[72873,72886],[72960,72966],[72968,72969],[72971,73014],
    [73018,73018],[73020,73020],[73021,73021],[73023,73023],[73024,73031],[73040,73049],[73056,73061],
    [73063,73064],[73066,73102],[73104,73105],[73107,73112],[73120,73129],[73440,73464],[73648,73648],
    [73664,73664],[73665,73713],[73727,74649],[74752,74862],[74864,74868],[74880,75075],[77824,78894],
    [82944,83526],[92160,92728],[92736,92766],[92768,92777],[92782,92783],[92880,92909],[92912,92917],
    [92928,92997],[93008,93017],[93019,93025],[93027,93047],[93053,93071],[93760,93850],[93952,94026],
    [94031,94087],[94095,94111],[94176,94179],[94192,94193],[94208,100343],[100352,101589],[101632,101640],
    [110592,110878],[110928,110930],[110948,110951],[110960,111355],[113664,113770],[113776,113788],
    [113792,113800],[113808,113817],[113820,113823],[118784,119029],[119040,119078],[119081,119128],
    [119130,119154],[119163,119272],[119296,119365],[119520,119539],[119552,119638],[119648,119672],
    [119808,119892],[119894,119964],[119966,119967],[119970,119970],[119973,119973],[119974,119974],
    [119977,119977],[119978,119980],[119982,119993],[119995,119995],[119997,119997],[119998,120003],
    [120005,120069],[120071,120074],[120077,120084],[120086,120092],[120094,120121],[120123,120126],
    [120128,120132],[120134,120134],[120138,120138],[120139,120144],[120146,120485],[120488,120779],
    [120782,121483],[121499,121503],[121505,121519],[122880,122886],[122888,122904],[122907,122913],
    [122915,122916],[122918,122922],[123136,123180],[123184,123197],[123200,123209],[123214,123215],
    [123584,123641],[123647,123647],[124928,124928],[124929,125124],[125127,125142],[125184,125259],
    [125264,125273],[125278,125279],[126065,126132],[126209,126269],[126464,126467],[126469,126495],
    [126497,126498],[126500,126500],[126503,126503],[126505,126514],[126516,126519],[126521,126521],
    [126523,126523],[126530,126530],[126535,126535],[126537,126537],[126539,126539],[126541,126541],
    [126542,126543],[126545,126546],[126548,126548],[126551,126551],[126553,126553],[126555,126555],
    [126557,126557],[126559,126559],[126561,126561],[126562,126562],[126564,126564],[126567,126570],
    [126572,126578],[126580,126583],[126585,126588],[126590,126590],[126592,126592],[126593,126601],
    [126603,126619],[126625,126627],[126629,126633],[126635,126651],[126704,126705],[126976,127019],
    [127024,127123],[127136,127150],[127153,127167],[127169,127183],[127185,127221],[127232,127405],
    [127462,127490],[127504,127547],[127552,127560],[127568,127569],[127584,127589],[127744,128727],
    [128736,128748],[128752,128764],[128768,128883],[128896,128984],[128992,129003],[129024,129035],
    [129040,129095],[129104,129113],[129120,129159],[129168,129197],[129200,129201],[129280,129400],
    [129402,129483],[129485,129619],[129632,129645],[129648,129652],[129656,129658],[129664,129670],
    [129680,129704],[129712,129718],[129728,129730],[129744,129750],[129792,129938],[129940,129994],
    [130032,130041],[131072,173789],[173824,177972],[177984,178205],[178208,183969],[183984,191456],
    [194560,195101],[196608,201546]}'::int4multirange @> ascii(c)) then
    return null;
  end if;
  decomposed := normalize(userid, NFKD);
  -- The first character of each word.
  if exists (select from regexp_matches(decomposed, '(?:^| )(.)', 'g') as c where '{
    [768,846],[848,879],[1155,1161],[1425,1469],[1471,1471],[1473,1473],[1474,1474],[1476,1476],[1477,1477],
    [1479,1479],[1552,1562],[1611,1631],[1648,1648],[1750,1750],[1751,1756],[1759,1764],[1767,1768],[1770,1773],
    [1809,1809],[1840,1840],[1841,1866],[1958,1968],[2027,2035],[2045,2045],[2070,2070],[2071,2073],[2075,2083],
    [2085,2087],[2089,2093],[2137,2139],[2259,2273],[2275,2307],[2362,2364],[2366,2383],[2385,2391],[2402,2403],
    [2433,2435],[2492,2492],[2494,2494],[2495,2500],[2503,2504],[2507,2509],[2519,2519],[2530,2530],[2531,2531],
    [2558,2558],[2561,2563],[2620,2620],[2622,2622],[2623,2626],[2631,2632],[2635,2637],[2641,2641],[2672,2672],
    [2673,2673],[2677,2677],[2689,2691],[2748,2748],[2750,2750],[2751,2757],[2759,2761],[2763,2765],[2786,2787],
    [2810,2815],[2817,2819],[2876,2876],[2878,2878],[2879,2884],[2887,2888],[2891,2893],[2901,2903],[2914,2915],
    [2946,2946],[3006,3006],[3007,3010],[3014,3016],[3018,3021],[3031,3031],[3072,3072],[3073,3076],[3134,3140],
    [3142,3144],[3146,3149],[3157,3158],[3170,3171],[3201,3203],[3260,3260],[3262,3262],[3263,3268],[3270,3272],
    [3274,3277],[3285,3286],[3298,3299],[3328,3331],[3387,3388],[3390,3396],[3398,3400],[3402,3405],[3415,3415],
    [3426,3426],[3427,3427],[3457,3457],[3458,3459],[3530,3530],[3535,3535],[3536,3540],[3542,3542],[3544,3544],
    [3545,3551],[3570,3571],[3633,3633],[3636,3636],[3637,3642],[3655,3662],[3761,3761],[3764,3764],[3765,3772],
    [3784,3789],[3864,3865],[3893,3893],[3895,3895],[3897,3897],[3902,3903],[3953,3972],[3974,3975],[3981,3991],
    [3993,4028],[4038,4038],[4139,4139],[4140,4158],[4182,4185],[4190,4192],[4194,4196],[4199,4205],[4209,4212],
    [4226,4237],[4239,4239],[4250,4250],[4251,4253],[4957,4959],[5906,5908],[5938,5940],[5970,5971],[6002,6003],
    [6070,6099],[6109,6109],[6277,6277],[6278,6278],[6313,6313],[6432,6443],[6448,6459],[6679,6683],[6741,6750],
    [6752,6780],[6783,6783],[6832,6832],[6833,6848],[6912,6916],[6964,6980],[7019,7027],[7040,7042],[7073,7085],
    [7142,7155],[7204,7223],[7376,7378],[7380,7400],[7405,7405],[7412,7412],[7415,7417],[7616,7673],[7675,7679],
    [8400,8432],[11503,11505],[11744,11775],[12330,12335],[12441,12442],[42607,42610],[42612,42621],[42654,42655],
    [42736,42737],[43010,43010],[43014,43014],[43019,43019],[43043,43043],[43044,43047],[43052,43052],
    [43136,43136],[43137,43137],[43188,43188],[43189,43205],[43232,43249],[43263,43263],[43302,43302],
    [43303,43309],[43335,43347],[43392,43395],[43443,43456],[43493,43493],[43561,43561],[43562,43574],
    [43587,43587],[43596,43596],[43597,43597],[43643,43643],[43644,43645],[43696,43696],[43698,43698],
    [43699,43700],[43703,43704],[43710,43711],[43713,43713],[43755,43755],[43756,43759],[43765,43766],
    [44003,44010],[44012,44013],[64286,64286],[65056,65056],[65057,65071],[66045,66045],[66272,66272],
    [66422,66426],[68097,68099],[68101,68102],[68108,68111],[68152,68154],[68159,68159],[68325,68325],
    [68326,68326],[68900,68900],[68901,68903],[69291,69292],[69446,69456],[69632,69634],[69688,69702],
    [69760,69762],[69808,69818],[69888,69890],[69927,69940],[69957,69958],[70003,70003],[70016,70016],
    [70017,70018],[70067,70080],[70089,70092],[70094,70095],[70188,70199],[70206,70206],[70367,70367],
    [70368,70378],[70400,70403],[70459,70460],[70462,70468],[70471,70472],[70475,70477],[70487,70487],
    [70498,70498],[70499,70499],[70502,70502],[70503,70508],[70512,70516],[70709,70726],[70750,70750],
    [70832,70832],[70833,70851],[71087,71093],[71096,71104],[71132,71133],[71216,71232],[71339,71351],
    [71453,71467],[71724,71738],[71984,71989],[71991,71992],[71995,71998],[72000,72000],[72002,72002],
    [72003,72003],[72145,72145],[72146,72151],[72154,72160],[72164,72164],[72193,72193],[72194,72202],
    [72243,72249],[72251,72254],[72263,72263],[72273,72273],[72274,72283],[72330,72345],[72751,72758],
    [72760,72767],[72850,72871],[72873,72886],[73009,73014],[73018,73018],[73020,73020],[73021,73021],
    [73023,73023],[73024,73029],[73031,73031],[73098,73098],[73099,73102],[73104,73105],[73107,73111],
    [73459,73462],[92912,92916],[92976,92982],[94031,94031],[94033,94033],[94034,94087],[94095,94098],
    [94192,94193],[113821,113822],[119141,119145],[119149,119154],[119163,119170],[119173,119179],[119210,119213],
    [119362,119364],[121344,121398],[121403,121452],[121461,121461],[121476,121476],[121499,121503],
    [121505,121519],[122880,122886],[122888,122904],[122907,122913],[122915,122916],[122918,122922],
    [123184,123190],[123628,123631],[125136,125142],[125252,125258]}'::int4multirange @> ascii(c[1])) then
    return null;
  end if;
  folded := normalize(replace(translate(decomposed,
      E'\u0041\u0042\u0043\u0044\u0045\u0046\u0047\u0048\u0049\u004A\u004B\u004C\u004D\u004E\u004F\u0050\u0051\u0052'
      || E'\u0053\u0054\u0055\u0056\u0057\u0058\u0059\u005A\u00C6\u00D0\u00D8\u00DE\u0110\u0126\u0141\u014A\u0152\u0166'
      || E'\u0181\u0182\u0184\u0186\u0187\u0189\u018A\u018B\u018E\u018F\u0190\u0191\u0193\u0194\u0196\u0197\u0198\u019C'
      || E'\u019D\u019F\u01A2\u01A4\u01A6\u01A7\u01A9\u01AC\u01AE\u01B1\u01B2\u01B3\u01B5\u01B7\u01B8\u01BC\u01E4\u01F6'
      || E'\u01F7\u021C\u0220\u0222\u0224\u023A\u023B\u023D\u023E\u0241\u0243\u0244\u0245\u0246\u0248\u024A\u024C\u024E'
      || E'\u0345\u0370\u0372\u0376\u037F\u0391\u0392\u0393\u0394\u0395\u0396\u0397\u0398\u0399\u039A\u039B\u039C\u039D'
      || E'\u039E\u039F\u03A0\u03A1\u03A3\u03A4\u03A5\u03A6\u03A7\u03A8\u03A9\u03C2\u03CF\u03D8\u03DA\u03DC\u03DE\u03E0'
      || E'\u03E2\u03E4\u03E6\u03E8\u03EA\u03EC\u03EE\u03F7\u03FA\u03FD\u03FE\u03FF\u0402\u0404\u0405\u0406\u0408\u0409'
      || E'\u040A\u040B\u040F\u0410\u0411\u0412\u0413\u0414\u0415\u0416\u0417\u0418\u041A\u041B\u041C\u041D\u041E\u041F'
      || E'\u0420\u0421\u0422\u0423\u0424\u0425\u0426\u0427\u0428\u0429\u042A\u042B\u042C\u042D\u042E\u042F\u0460\u0462'
      || E'\u0464\u0466\u0468\u046A\u046C\u046E\u0470\u0472\u0474\u0478\u047A\u047C\u047E\u0480\u048A\u048C\u048E\u0490'
      || E'\u0492\u0494\u0496\u0498\u049A\u049C\u049E\u04A0\u04A2\u04A4\u04A6\u04A8\u04AA\u04AC\u04AE\u04B0\u04B2\u04B4'
      || E'\u04B6\u04B8\u04BA\u04BC\u04BE\u04C0\u04C3\u04C5\u04C7\u04C9\u04CB\u04CD\u04D4\u04D8\u04E0\u04E8\u04F6\u04FA'
      || E'\u04FC\u04FE\u0500\u0502\u0504\u0506\u0508\u050A\u050C\u050E\u0510\u0512\u0514\u0516\u0518\u051A\u051C\u051E'
      || E'\u0520\u0522\u0524\u0526\u0528\u052A\u052C\u052E\u0531\u0532\u0533\u0534\u0535\u0536\u0537\u0538\u0539\u053A'
      || E'\u053B\u053C\u053D\u053E\u053F\u0540\u0541\u0542\u0543\u0544\u0545\u0546\u0547\u0548\u0549\u054A\u054B\u054C'
      || E'\u054D\u054E\u054F\u0550\u0551\u0552\u0553\u0554\u0555\u0556\u10A0\u10A1\u10A2\u10A3\u10A4\u10A5\u10A6\u10A7'
      || E'\u10A8\u10A9\u10AA\u10AB\u10AC\u10AD\u10AE\u10AF\u10B0\u10B1\u10B2\u10B3\u10B4\u10B5\u10B6\u10B7\u10B8\u10B9'
      || E'\u10BA\u10BB\u10BC\u10BD\u10BE\u10BF\u10C0\u10C1\u10C2\u10C3\u10C4\u10C5\u10C7\u10CD\u13A0\u13A1\u13A2\u13A3'
      || E'\u13A4\u13A5\u13A6\u13A7\u13A8\u13A9\u13AA\u13AB\u13AC\u13AD\u13AE\u13AF\u13B0\u13B1\u13B2\u13B3\u13B4\u13B5'
      || E'\u13B6\u13B7\u13B8\u13B9\u13BA\u13BB\u13BC\u13BD\u13BE\u13BF\u13C0\u13C1\u13C2\u13C3\u13C4\u13C5\u13C6\u13C7'
      || E'\u13C8\u13C9\u13CA\u13CB\u13CC\u13CD\u13CE\u13CF\u13D0\u13D1\u13D2\u13D3\u13D4\u13D5\u13D6\u13D7\u13D8\u13D9'
      || E'\u13DA\u13DB\u13DC\u13DD\u13DE\u13DF\u13E0\u13E1\u13E2\u13E3\u13E4\u13E5\u13E6\u13E7\u13E8\u13E9\u13EA\u13EB'
      || E'\u13EC\u13ED\u13EE\u13EF\u13F0\u13F1\u13F2\u13F3\u13F4\u13F5\u1C80\u1C81\u1C82\u1C83\u1C84\u1C85\u1C86\u1C87'
      || E'\u1C88\u1C90\u1C91\u1C92\u1C93\u1C94\u1C95\u1C96\u1C97\u1C98\u1C99\u1C9A\u1C9B\u1C9C\u1C9D\u1C9E\u1C9F\u1CA0'
      || E'\u1CA1\u1CA2\u1CA3\u1CA4\u1CA5\u1CA6\u1CA7\u1CA8\u1CA9\u1CAA\u1CAB\u1CAC\u1CAD\u1CAE\u1CAF\u1CB0\u1CB1\u1CB2'
      || E'\u1CB3\u1CB4\u1CB5\u1CB6\u1CB7\u1CB8\u1CB9\u1CBA\u1CBD\u1CBE\u1CBF\u1E9E\u1EFA\u1EFC\u1EFE\u2132\u2183\u2C00'
      || E'\u2C01\u2C02\u2C03\u2C04\u2C05\u2C06\u2C07\u2C08\u2C09\u2C0A\u2C0B\u2C0C\u2C0D\u2C0E\u2C0F\u2C10\u2C11\u2C12'
      || E'\u2C13\u2C14\u2C15\u2C16\u2C17\u2C18\u2C19\u2C1A\u2C1B\u2C1C\u2C1D\u2C1E\u2C1F\u2C20\u2C21\u2C22\u2C23\u2C24'
      || E'\u2C25\u2C26\u2C27\u2C28\u2C29\u2C2A\u2C2B\u2C2C\u2C2D\u2C2E\u2C60\u2C62\u2C63\u2C64\u2C67\u2C69\u2C6B\u2C6D'
      || E'\u2C6E\u2C6F\u2C70\u2C72\u2C75\u2C7E\u2C7F\u2C80\u2C82\u2C84\u2C86\u2C88\u2C8A\u2C8C\u2C8E\u2C90\u2C92\u2C94'
      || E'\u2C96\u2C98\u2C9A\u2C9C\u2C9E\u2CA0\u2CA2\u2CA4\u2CA6\u2CA8\u2CAA\u2CAC\u2CAE\u2CB0\u2CB2\u2CB4\u2CB6\u2CB8'
      || E'\u2CBA\u2CBC\u2CBE\u2CC0\u2CC2\u2CC4\u2CC6\u2CC8\u2CCA\u2CCC\u2CCE\u2CD0\u2CD2\u2CD4\u2CD6\u2CD8\u2CDA\u2CDC'
      || E'\u2CDE\u2CE0\u2CE2\u2CEB\u2CED\u2CF2\uA640\uA642\uA644\uA646\uA648\uA64A\uA64C\uA64E\uA650\uA652\uA654\uA656'
      || E'\uA658\uA65A\uA65C\uA65E\uA660\uA662\uA664\uA666\uA668\uA66A\uA66C\uA680\uA682\uA684\uA686\uA688\uA68A\uA68C'
      || E'\uA68E\uA690\uA692\uA694\uA696\uA698\uA69A\uA722\uA724\uA726\uA728\uA72A\uA72C\uA72E\uA732\uA734\uA736\uA738'
      || E'\uA73A\uA73C\uA73E\uA740\uA742\uA744\uA746\uA748\uA74A\uA74C\uA74E\uA750\uA752\uA754\uA756\uA758\uA75A\uA75C'
      || E'\uA75E\uA760\uA762\uA764\uA766\uA768\uA76A\uA76C\uA76E\uA779\uA77B\uA77D\uA77E\uA780\uA782\uA784\uA786\uA78B'
      || E'\uA78D\uA790\uA792\uA796\uA798\uA79A\uA79C\uA79E\uA7A0\uA7A2\uA7A4\uA7A6\uA7A8\uA7AA\uA7AB\uA7AC\uA7AD\uA7AE'
      || E'\uA7B0\uA7B1\uA7B2\uA7B3\uA7B4\uA7B6\uA7B8\uA7BA\uA7BC\uA7BE\uA7C2\uA7C4\uA7C5\uA7C6\uA7C7\uA7C9\uA7F5'
      || E'\U00010400\U00010401\U00010402\U00010403\U00010404\U00010405\U00010406\U00010407\U00010408\U00010409\U0001040A'
      || E'\U0001040B\U0001040C\U0001040D\U0001040E\U0001040F\U00010410\U00010411\U00010412\U00010413\U00010414\U00010415'
      || E'\U00010416\U00010417\U00010418\U00010419\U0001041A\U0001041B\U0001041C\U0001041D\U0001041E\U0001041F\U00010420'
      || E'\U00010421\U00010422\U00010423\U00010424\U00010425\U00010426\U00010427\U000104B0\U000104B1\U000104B2\U000104B3'
      || E'\U000104B4\U000104B5\U000104B6\U000104B7\U000104B8\U000104B9\U000104BA\U000104BB\U000104BC\U000104BD\U000104BE'
      || E'\U000104BF\U000104C0\U000104C1\U000104C2\U000104C3\U000104C4\U000104C5\U000104C6\U000104C7\U000104C8\U000104C9'
      || E'\U000104CA\U000104CB\U000104CC\U000104CD\U000104CE\U000104CF\U000104D0\U000104D1\U000104D2\U000104D3\U00010C80'
      || E'\U00010C81\U00010C82\U00010C83\U00010C84\U00010C85\U00010C86\U00010C87\U00010C88\U00010C89\U00010C8A\U00010C8B'
      || E'\U00010C8C\U00010C8D\U00010C8E\U00010C8F\U00010C90\U00010C91\U00010C92\U00010C93\U00010C94\U00010C95\U00010C96'
      || E'\U00010C97\U00010C98\U00010C99\U00010C9A\U00010C9B\U00010C9C\U00010C9D\U00010C9E\U00010C9F\U00010CA0\U00010CA1'
      || E'\U00010CA2\U00010CA3\U00010CA4\U00010CA5\U00010CA6\U00010CA7\U00010CA8\U00010CA9\U00010CAA\U00010CAB\U00010CAC'
      || E'\U00010CAD\U00010CAE\U00010CAF\U00010CB0\U00010CB1\U00010CB2\U000118A0\U000118A1\U000118A2\U000118A3\U000118A4'
      || E'\U000118A5\U000118A6\U000118A7\U000118A8\U000118A9\U000118AA\U000118AB\U000118AC\U000118AD\U000118AE\U000118AF'
      || E'\U000118B0\U000118B1\U000118B2\U000118B3\U000118B4\U000118B5\U000118B6\U000118B7\U000118B8\U000118B9\U000118BA'
      || E'\U000118BB\U000118BC\U000118BD\U000118BE\U000118BF\U00016E40\U00016E41\U00016E42\U00016E43\U00016E44\U00016E45'
      || E'\U00016E46\U00016E47\U00016E48\U00016E49\U00016E4A\U00016E4B\U00016E4C\U00016E4D\U00016E4E\U00016E4F\U00016E50'
      || E'\U00016E51\U00016E52\U00016E53\U00016E54\U00016E55\U00016E56\U00016E57\U00016E58\U00016E59\U00016E5A\U00016E5B'
      || E'\U00016E5C\U00016E5D\U00016E5E\U00016E5F\U0001E900\U0001E901\U0001E902\U0001E903\U0001E904\U0001E905\U0001E906'
      || E'\U0001E907\U0001E908\U0001E909\U0001E90A\U0001E90B\U0001E90C\U0001E90D\U0001E90E\U0001E90F\U0001E910\U0001E911'
      || E'\U0001E912\U0001E913\U0001E914\U0001E915\U0001E916\U0001E917\U0001E918\U0001E919\U0001E91A\U0001E91B\U0001E91C'
      || E'\U0001E91D\U0001E91E\U0001E91F\U0001E920\U0001E921',
      E'\u0061\u0062\u0063\u0064\u0065\u0066\u0067\u0068\u0069\u006A\u006B\u006C\u006D\u006E\u006F\u0070\u0071\u0072'
      || E'\u0073\u0074\u0075\u0076\u0077\u0078\u0079\u007A\u00E6\u00F0\u00F8\u00FE\u0111\u0127\u0142\u014B\u0153\u0167'
      || E'\u0253\u0183\u0185\u0254\u0188\u0256\u0257\u018C\u01DD\u0259\u025B\u0192\u0260\u0263\u0269\u0268\u0199\u026F'
      || E'\u0272\u0275\u01A3\u01A5\u0280\u01A8\u0283\u01AD\u0288\u028A\u028B\u01B4\u01B6\u0292\u01B9\u01BD\u01E5\u0195'
      || E'\u01BF\u021D\u019E\u0223\u0225\u2C65\u023C\u019A\u2C66\u0242\u0180\u0289\u028C\u0247\u0249\u024B\u024D\u024F'
      || E'\u03B9\u0371\u0373\u0377\u03F3\u03B1\u03B2\u03B3\u03B4\u03B5\u03B6\u03B7\u03B8\u03B9\u03BA\u03BB\u03BC\u03BD'
      || E'\u03BE\u03BF\u03C0\u03C1\u03C3\u03C4\u03C5\u03C6\u03C7\u03C8\u03C9\u03C3\u03D7\u03D9\u03DB\u03DD\u03DF\u03E1'
      || E'\u03E3\u03E5\u03E7\u03E9\u03EB\u03ED\u03EF\u03F8\u03FB\u037B\u037C\u037D\u0452\u0454\u0455\u0456\u0458\u0459'
      || E'\u045A\u045B\u045F\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0438\u043A\u043B\u043C\u043D\u043E\u043F'
      || E'\u0440\u0441\u0442\u0443\u0444\u0445\u0446\u0447\u0448\u0449\u044A\u044B\u044C\u044D\u044E\u044F\u0461\u0463'
      || E'\u0465\u0467\u0469\u046B\u046D\u046F\u0471\u0473\u0475\u0479\u047B\u047D\u047F\u0481\u048B\u048D\u048F\u0491'
      || E'\u0493\u0495\u0497\u0499\u049B\u049D\u049F\u04A1\u04A3\u04A5\u04A7\u04A9\u04AB\u04AD\u04AF\u04B1\u04B3\u04B5'
      || E'\u04B7\u04B9\u04BB\u04BD\u04BF\u04CF\u04C4\u04C6\u04C8\u04CA\u04CC\u04CE\u04D5\u04D9\u04E1\u04E9\u04F7\u04FB'
      || E'\u04FD\u04FF\u0501\u0503\u0505\u0507\u0509\u050B\u050D\u050F\u0511\u0513\u0515\u0517\u0519\u051B\u051D\u051F'
      || E'\u0521\u0523\u0525\u0527\u0529\u052B\u052D\u052F\u0561\u0562\u0563\u0564\u0565\u0566\u0567\u0568\u0569\u056A'
      || E'\u056B\u056C\u056D\u056E\u056F\u0570\u0571\u0572\u0573\u0574\u0575\u0576\u0577\u0578\u0579\u057A\u057B\u057C'
      || E'\u057D\u057E\u057F\u0580\u0581\u0582\u0583\u0584\u0585\u0586\u2D00\u2D01\u2D02\u2D03\u2D04\u2D05\u2D06\u2D07'
      || E'\u2D08\u2D09\u2D0A\u2D0B\u2D0C\u2D0D\u2D0E\u2D0F\u2D10\u2D11\u2D12\u2D13\u2D14\u2D15\u2D16\u2D17\u2D18\u2D19'
      || E'\u2D1A\u2D1B\u2D1C\u2D1D\u2D1E\u2D1F\u2D20\u2D21\u2D22\u2D23\u2D24\u2D25\u2D27\u2D2D\uAB70\uAB71\uAB72\uAB73'
      || E'\uAB74\uAB75\uAB76\uAB77\uAB78\uAB79\uAB7A\uAB7B\uAB7C\uAB7D\uAB7E\uAB7F\uAB80\uAB81\uAB82\uAB83\uAB84\uAB85'
      || E'\uAB86\uAB87\uAB88\uAB89\uAB8A\uAB8B\uAB8C\uAB8D\uAB8E\uAB8F\uAB90\uAB91\uAB92\uAB93\uAB94\uAB95\uAB96\uAB97'
      || E'\uAB98\uAB99\uAB9A\uAB9B\uAB9C\uAB9D\uAB9E\uAB9F\uABA0\uABA1\uABA2\uABA3\uABA4\uABA5\uABA6\uABA7\uABA8\uABA9'
      || E'\uABAA\uABAB\uABAC\uABAD\uABAE\uABAF\uABB0\uABB1\uABB2\uABB3\uABB4\uABB5\uABB6\uABB7\uABB8\uABB9\uABBA\uABBB'
      || E'\uABBC\uABBD\uABBE\uABBF\u13F8\u13F9\u13FA\u13FB\u13FC\u13FD\u0432\u0434\u043E\u0441\u0442\u0442\u044A\u0463'
      || E'\uA64B\u10D0\u10D1\u10D2\u10D3\u10D4\u10D5\u10D6\u10D7\u10D8\u10D9\u10DA\u10DB\u10DC\u10DD\u10DE\u10DF\u10E0'
      || E'\u10E1\u10E2\u10E3\u10E4\u10E5\u10E6\u10E7\u10E8\u10E9\u10EA\u10EB\u10EC\u10ED\u10EE\u10EF\u10F0\u10F1\u10F2'
      || E'\u10F3\u10F4\u10F5\u10F6\u10F7\u10F8\u10F9\u10FA\u10FD\u10FE\u10FF\u00DF\u1EFB\u1EFD\u1EFF\u214E\u2184\u2C30'
      || E'\u2C31\u2C32\u2C33\u2C34\u2C35\u2C36\u2C37\u2C38\u2C39\u2C3A\u2C3B\u2C3C\u2C3D\u2C3E\u2C3F\u2C40\u2C41\u2C42'
      || E'\u2C43\u2C44\u2C45\u2C46\u2C47\u2C48\u2C49\u2C4A\u2C4B\u2C4C\u2C4D\u2C4E\u2C4F\u2C50\u2C51\u2C52\u2C53\u2C54'
      || E'\u2C55\u2C56\u2C57\u2C58\u2C59\u2C5A\u2C5B\u2C5C\u2C5D\u2C5E\u2C61\u026B\u1D7D\u027D\u2C68\u2C6A\u2C6C\u0251'
      || E'\u0271\u0250\u0252\u2C73\u2C76\u023F\u0240\u2C81\u2C83\u2C85\u2C87\u2C89\u2C8B\u2C8D\u2C8F\u2C91\u2C93\u2C95'
      || E'\u2C97\u2C99\u2C9B\u2C9D\u2C9F\u2CA1\u2CA3\u2CA5\u2CA7\u2CA9\u2CAB\u2CAD\u2CAF\u2CB1\u2CB3\u2CB5\u2CB7\u2CB9'
      || E'\u2CBB\u2CBD\u2CBF\u2CC1\u2CC3\u2CC5\u2CC7\u2CC9\u2CCB\u2CCD\u2CCF\u2CD1\u2CD3\u2CD5\u2CD7\u2CD9\u2CDB\u2CDD'
      || E'\u2CDF\u2CE1\u2CE3\u2CEC\u2CEE\u2CF3\uA641\uA643\uA645\uA647\uA649\uA64B\uA64D\uA64F\uA651\uA653\uA655\uA657'
      || E'\uA659\uA65B\uA65D\uA65F\uA661\uA663\uA665\uA667\uA669\uA66B\uA66D\uA681\uA683\uA685\uA687\uA689\uA68B\uA68D'
      || E'\uA68F\uA691\uA693\uA695\uA697\uA699\uA69B\uA723\uA725\uA727\uA729\uA72B\uA72D\uA72F\uA733\uA735\uA737\uA739'
      || E'\uA73B\uA73D\uA73F\uA741\uA743\uA745\uA747\uA749\uA74B\uA74D\uA74F\uA751\uA753\uA755\uA757\uA759\uA75B\uA75D'
      || E'\uA75F\uA761\uA763\uA765\uA767\uA769\uA76B\uA76D\uA76F\uA77A\uA77C\u1D79\uA77F\uA781\uA783\uA785\uA787\uA78C'
      || E'\u0265\uA791\uA793\uA797\uA799\uA79B\uA79D\uA79F\uA7A1\uA7A3\uA7A5\uA7A7\uA7A9\u0266\u025C\u0261\u026C\u026A'
      || E'\u029E\u0287\u029D\uAB53\uA7B5\uA7B7\uA7B9\uA7BB\uA7BD\uA7BF\uA7C3\uA794\u0282\u1D8E\uA7C8\uA7CA\uA7F6'
      || E'\U00010428\U00010429\U0001042A\U0001042B\U0001042C\U0001042D\U0001042E\U0001042F\U00010430\U00010431\U00010432'
      || E'\U00010433\U00010434\U00010435\U00010436\U00010437\U00010438\U00010439\U0001043A\U0001043B\U0001043C\U0001043D'
      || E'\U0001043E\U0001043F\U00010440\U00010441\U00010442\U00010443\U00010444\U00010445\U00010446\U00010447\U00010448'
      || E'\U00010449\U0001044A\U0001044B\U0001044C\U0001044D\U0001044E\U0001044F\U000104D8\U000104D9\U000104DA\U000104DB'
      || E'\U000104DC\U000104DD\U000104DE\U000104DF\U000104E0\U000104E1\U000104E2\U000104E3\U000104E4\U000104E5\U000104E6'
      || E'\U000104E7\U000104E8\U000104E9\U000104EA\U000104EB\U000104EC\U000104ED\U000104EE\U000104EF\U000104F0\U000104F1'
      || E'\U000104F2\U000104F3\U000104F4\U000104F5\U000104F6\U000104F7\U000104F8\U000104F9\U000104FA\U000104FB\U00010CC0'
      || E'\U00010CC1\U00010CC2\U00010CC3\U00010CC4\U00010CC5\U00010CC6\U00010CC7\U00010CC8\U00010CC9\U00010CCA\U00010CCB'
      || E'\U00010CCC\U00010CCD\U00010CCE\U00010CCF\U00010CD0\U00010CD1\U00010CD2\U00010CD3\U00010CD4\U00010CD5\U00010CD6'
      || E'\U00010CD7\U00010CD8\U00010CD9\U00010CDA\U00010CDB\U00010CDC\U00010CDD\U00010CDE\U00010CDF\U00010CE0\U00010CE1'
      || E'\U00010CE2\U00010CE3\U00010CE4\U00010CE5\U00010CE6\U00010CE7\U00010CE8\U00010CE9\U00010CEA\U00010CEB\U00010CEC'
      || E'\U00010CED\U00010CEE\U00010CEF\U00010CF0\U00010CF1\U00010CF2\U000118C0\U000118C1\U000118C2\U000118C3\U000118C4'
      || E'\U000118C5\U000118C6\U000118C7\U000118C8\U000118C9\U000118CA\U000118CB\U000118CC\U000118CD\U000118CE\U000118CF'
      || E'\U000118D0\U000118D1\U000118D2\U000118D3\U000118D4\U000118D5\U000118D6\U000118D7\U000118D8\U000118D9\U000118DA'
      || E'\U000118DB\U000118DC\U000118DD\U000118DE\U000118DF\U00016E60\U00016E61\U00016E62\U00016E63\U00016E64\U00016E65'
      || E'\U00016E66\U00016E67\U00016E68\U00016E69\U00016E6A\U00016E6B\U00016E6C\U00016E6D\U00016E6E\U00016E6F\U00016E70'
      || E'\U00016E71\U00016E72\U00016E73\U00016E74\U00016E75\U00016E76\U00016E77\U00016E78\U00016E79\U00016E7A\U00016E7B'
      || E'\U00016E7C\U00016E7D\U00016E7E\U00016E7F\U0001E922\U0001E923\U0001E924\U0001E925\U0001E926\U0001E927\U0001E928'
      || E'\U0001E929\U0001E92A\U0001E92B\U0001E92C\U0001E92D\U0001E92E\U0001E92F\U0001E930\U0001E931\U0001E932\U0001E933'
      || E'\U0001E934\U0001E935\U0001E936\U0001E937\U0001E938\U0001E939\U0001E93A\U0001E93B\U0001E93C\U0001E93D\U0001E93E'
      || E'\U0001E93F\U0001E940\U0001E941\U0001E942\U0001E943'), E'\u00DF', 'ss'), NFKC);
  if folded = '' or folded ~ '^ | $|  ' then
    return null;
  end if;
  return folded;
end
$_$;


ALTER FUNCTION postern_internal.fold_userid(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION fold_userid(userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.fold_userid(userid text) IS 'A text that is equal for equal user ids: NFKC and case folded. NULL if userid cannot be one: it is empty or over 512 bytes, has a space at an end or two in a row, has control, format, separator, private, invisible or unassigned (Unicode 13) characters, or a word that begins with a combining mark.';


--
-- Name: gate_caller(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_caller(callers jsonb) RETURNS TABLE(name text, gates jsonb, actions text[], reached text[], unknowable boolean, unreadable text, late jsonb, swallowed jsonb)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT c.name,
     c.gates,
     c.actions,
     c.reached,
     c.unknowable,
     c.unreadable,
     c.late,
     c.swallowed
    FROM jsonb_to_recordset(gate_caller.callers) c(name text, gates jsonb, actions text[], reached text[], unknowable boolean, unreadable text, late jsonb, swallowed jsonb);
END;


ALTER FUNCTION postern_internal.gate_caller(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_caller(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_caller(callers jsonb) IS 'The callers of a reading, one row each; see postern.gate_findings.';


--
-- Name: gate_is_active(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_is_active(gate_id text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$
declare
  active boolean;
begin
  select g.stops into active from postern_internal.gate as g where g.gate_id = gate_is_active.gate_id;
  if not found then
    raise exception using
      errcode = 'PS106',
      message = 'There is no such gate',
      detail = format('gate_id is %s.', coalesce(to_jsonb(left(gate_id, 128))::text, 'NULL')),
      hint = coalesce(
        (select format('Write %s, the registered spelling: upper and lower case differ.', g.gate_id)
           from postern_internal.gate as g
          where upper(g.gate_id collate "C") = upper(gate_is_active.gate_id collate "C")),
        'Register it with postern.register_gate, or choose one of the gates in postern.gate.');
  end if;
  return active;
end
$$;


ALTER FUNCTION postern_internal.gate_is_active(gate_id text) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_is_active(gate_id text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_is_active(gate_id text) IS 'Whether the gate stops a transaction: it is built in, or it is active and checkpoints are enabled. Errors: PS106 no such gate.';


--
-- Name: gate_late(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_late(callers jsonb) RETURNS TABLE(level text, code text, object text, title text, detail text, fix text)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT 'warn'::text AS level,
     'gate_late'::text AS code,
     ('function '::text || c.name) AS object,
     'A gate is called behind a write'::text AS title,
     (string_agg(format('It calls %s%s, behind the write%s.'::text,
         CASE
             WHEN (g.id = ''::text) THEN 'a gate'::text
             ELSE ('gate '::text || g.id)
         END,
         CASE
             WHEN (g.line > 0) THEN format(' in line %s'::text, g.line)
             ELSE NULL::text
         END,
         CASE
             WHEN (g.write > 0) THEN format(' in line %s'::text, g.write)
             ELSE NULL::text
         END), ' '::text ORDER BY g.line, g.id) || ' The write is undone when the gate asks, and runs again with the answer.'::text) AS detail,
     'Call the gate before the first write of the function.'::text AS fix
    FROM (postern_internal.gate_caller(gate_late.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
      CROSS JOIN LATERAL jsonb_to_recordset(c.late) g(id text, line integer, write integer))
   GROUP BY c.name;
END;


ALTER FUNCTION postern_internal.gate_late(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_late(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_late(callers jsonb) IS 'Check of postern.doctor: functions that call a gate behind a write. callers: as for postern.gate_findings.';


--
-- Name: gate_not_called(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_not_called(callers jsonb) RETURNS TABLE(level text, code text, object text, title text, detail text, fix text)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT 'warn'::text AS level,
     'gate_not_called'::text AS code,
     ('gate '::text || r.gate_id) AS object,
     'A gate is registered but nothing calls it'::text AS title,
     'No function in this database calls it, and no action references it, so it stops no transaction.'::text AS detail,
     'Call postern.checkpoint or security_sys.security_checkpoint with it where the business operation begins, or reference it in an action.'::text AS fix
    FROM postern_internal.gate r
   WHERE ((NOT r.built_in) AND (NOT (EXISTS ( SELECT
            FROM postern_internal.gate_caller(gate_not_called.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
           WHERE c.unknowable))) AND (NOT (r.gate_id IN ( SELECT (g.gate ->> 'id'::text)
            FROM (postern_internal.gate_caller(gate_not_called.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
              CROSS JOIN LATERAL jsonb_array_elements(c.gates) g(gate))))) AND (NOT (EXISTS ( SELECT
            FROM postern_internal.action a
           WHERE ((r.gate_id = a.checkpoint) OR (r.gate_id = ANY (a.legacy_checkpoints)))))));
END;


ALTER FUNCTION postern_internal.gate_not_called(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_not_called(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_not_called(callers jsonb) IS 'Check of postern.doctor: registered gates that no function calls and no action references. callers: as for postern.gate_findings.';


--
-- Name: gate_not_registered(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_not_registered(callers jsonb) RETURNS TABLE(level text, code text, object text, title text, detail text, fix text)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT DISTINCT ON ((g.gate ->> 'id'::text)) 'error'::text AS level,
     'gate_not_registered'::text AS code,
     ('gate '::text || (g.gate ->> 'id'::text)) AS object,
     'A gate is called that is not registered'::text AS title,
     format('%s calls it%s, and fails with PS106.'::text, c.name,
         CASE
             WHEN ((g.gate ->> 'line'::text) <> '0'::text) THEN (', line '::text || (g.gate ->> 'line'::text))
             ELSE NULL::text
         END) AS detail,
     'Register it with the application: postern.register_gate(gate_id, description, message, parameters); or correct the id in the call.'::text AS fix
    FROM (postern_internal.gate_caller(gate_not_registered.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
      CROSS JOIN LATERAL jsonb_array_elements(c.gates) g(gate))
   WHERE (NOT (EXISTS ( SELECT
            FROM postern_internal.gate r
           WHERE (r.gate_id = (g.gate ->> 'id'::text)))))
   ORDER BY (g.gate ->> 'id'::text), (c.name COLLATE "C"), (g.gate -> 'line'::text);
END;


ALTER FUNCTION postern_internal.gate_not_registered(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_not_registered(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_not_registered(callers jsonb) IS 'Check of postern.doctor: gates that functions call but nobody has registered. callers: as for postern.gate_findings.';


--
-- Name: gate_swallowed(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_swallowed(callers jsonb) RETURNS TABLE(level text, code text, object text, title text, detail text, fix text)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT 'error'::text AS level,
     'gate_swallowed'::text AS code,
     ('function '::text || c.name) AS object,
     'A handler swallows the error of a gate'::text AS title,
     (string_agg(format('Line %s leads to %s, in the block that begins in line %s.'::text, s.line, (
         CASE
             WHEN (s.gates = '{}'::text[]) THEN 'a gate'::text
             ELSE ('gate '::text || array_to_string(s.gates, ', '::text))
         END ||
         CASE
             WHEN (s.more > 0) THEN format(' and %s more'::text, s.more)
             ELSE ''::text
         END), s.block), ' '::text ORDER BY s.line, s.gates) || ' The handler of that block catches PS101, so nobody is asked and the transaction goes on.'::text) AS detail,
     'Let the error through: put "when sqlstate ''PS101'' then raise;" before the other conditions of the handler.'::text AS fix
    FROM (postern_internal.gate_caller(gate_swallowed.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
      CROSS JOIN LATERAL jsonb_to_recordset(c.swallowed) s(line integer, block integer, gates text[], more integer))
   GROUP BY c.name;
END;


ALTER FUNCTION postern_internal.gate_swallowed(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_swallowed(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_swallowed(callers jsonb) IS 'Check of postern.doctor: functions that lead to a gate in a block whose handler catches its error. callers: as for postern.gate_findings.';


--
-- Name: gate_unreadable(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_unreadable(callers jsonb) RETURNS TABLE(level text, code text, object text, title text, detail text, fix text)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT 'warn'::text AS level,
     'gate_unreadable'::text AS code,
     (
         CASE
             WHEN (c.name ~~ '%)'::text) THEN 'function '::text
             ELSE ''::text
         END || c.name) AS object,
     'Code that names gates cannot be read'::text AS title,
     (c.unreadable || '. Which gates it calls is unknown, so the other findings on gates leave it out.'::text) AS detail,
     'Correct it so that the server can run it, or reduce its nesting; drop it if nobody needs it.'::text AS fix
    FROM postern_internal.gate_caller(gate_unreadable.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
   WHERE (c.unreadable <> ''::text);
END;


ALTER FUNCTION postern_internal.gate_unreadable(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_unreadable(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_unreadable(callers jsonb) IS 'Check of postern.doctor: code that names gates but could not be parsed. callers: as for postern.gate_findings.';


--
-- Name: guard_log_partition(regclass); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.guard_log_partition(partition regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  execute format(
    'create or replace trigger refuse_change before update or delete or truncate on %s for each statement execute function postern_internal.refuse_change()',
    partition);
  execute format('comment on trigger refuse_change on %s is %L', partition, 'The log is append-only.');
  execute format('revoke all on %s from public', partition);
end
$$;


ALTER FUNCTION postern_internal.guard_log_partition(partition regclass) OWNER TO postern_owner;

--
-- Name: FUNCTION guard_log_partition(partition regclass); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.guard_log_partition(partition regclass) IS 'Makes a partition of the log append-only.';


--
-- Name: hash_pin(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.hash_pin(pin text, hash text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  k record;
begin
  select s.inner_pad, s.outer_pad into strict k from postern_internal.server_key as s where s.purpose = 'pin';
  return postern_internal.bcrypt(
    encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(pin, 'UTF8'))), 'base64'),
    hash);
end
$$;


ALTER FUNCTION postern_internal.hash_pin(pin text, hash text) OWNER TO postern_owner;

--
-- Name: FUNCTION hash_pin(pin text, hash text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.hash_pin(pin text, hash text) IS 'The hash of pin, with the salt that hash begins with. NULL if pin is NULL.';


--
-- Name: hmac_pad(bytea, integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.hmac_pad(secret bytea, filler integer) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  block bytea := case when length(secret) > 64 then sha256(secret) else secret end;
  pad bytea := decode(repeat(lpad(to_hex(filler), 2, '0'), 64), 'hex');
begin
  for i in 0 .. length(block) - 1 loop
    pad := set_byte(pad, i, get_byte(block, i) # filler);
  end loop;
  return pad;
end
$$;


ALTER FUNCTION postern_internal.hmac_pad(secret bytea, filler integer) OWNER TO postern_owner;

--
-- Name: FUNCTION hmac_pad(secret bytea, filler integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.hmac_pad(secret bytea, filler integer) IS 'The padded block of RFC 2104 for HMAC-SHA-256. filler: 54 (0x36) for the inner, 92 (0x5c) for the outer block.';


--
-- Name: in_unapproved_action(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.in_unapproved_action() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((COALESCE(current_setting('postern.action'::text, true), ''::text) <> ''::text) AND starts_with(current_setting('postern.action'::text, true), postern_internal.action_setting(''::text)));


ALTER FUNCTION postern_internal.in_unapproved_action() OWNER TO postern_owner;

--
-- Name: FUNCTION in_unapproved_action(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.in_unapproved_action() IS 'Whether the last action to begin in this transaction needed no approval. In such an action no ticket opens a gate.';


--
-- Name: company; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.company (
    company text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    row_level_security boolean DEFAULT false NOT NULL,
    CONSTRAINT company_company_check CHECK (((company <> ''::text) AND (length(company) <= 36) AND (octet_length(company) <= 63)))
);


ALTER TABLE postern_internal.company OWNER TO postern_owner;

--
-- Name: TABLE company; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.company IS 'Financial companies.';


--
-- Name: ledger_user; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.ledger_user (
    userid text NOT NULL,
    company text NOT NULL,
    ledger_id text NOT NULL,
    class_id bigint
);


ALTER TABLE postern_internal.ledger_user OWNER TO postern_owner;

--
-- Name: TABLE ledger_user; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.ledger_user IS 'Which user is connected to which internal ledger, and the class that limits what the user sees there. Removed when the user is no longer a user of the company.';


--
-- Name: internal_ledger_part(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.internal_ledger_part(userid text) RETURNS TABLE(company text, class_id bigint, ledgers text[], part_no bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT p.company,
     p.class_id,
     p.ledgers,
     row_number() OVER (ORDER BY (p.company COLLATE "C"), p.class_id NULLS FIRST) AS row_number
    FROM ( SELECT u.company,
                 CASE
                     WHEN c.row_level_security THEN u.class_id
                     ELSE NULL::bigint
                 END AS class_id,
             array_agg(u.ledger_id) AS ledgers
            FROM (postern_internal.ledger_user u
              JOIN postern_internal.company c ON ((c.company = u.company)))
           WHERE (u.userid = internal_ledger_part.userid)
           GROUP BY u.company,
                 CASE
                     WHEN c.row_level_security THEN u.class_id
                     ELSE NULL::bigint
                 END) p;
END;


ALTER FUNCTION postern_internal.internal_ledger_part(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION internal_ledger_part(userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.internal_ledger_part(userid text) IS 'The parts of internal_ledger_map, in the order of part_no. Each covers all posting combinations of a company, as one class allows them (NULL: all are allowed), and serves the ledgers in which the user has that class.';


--
-- Name: is_code(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.is_code(value text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((value <> ''::text) AND (length(value) <= 20) AND (value = btrim(value)) AND (value !~ '[[:cntrl:]]'::text));


ALTER FUNCTION postern_internal.is_code(value text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_code(value text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.is_code(value text) IS 'Whether value can be a code part or the id of a ledger: 1 to 20 characters, none of them a control character, with no space at either end. NULL for NULL.';


--
-- Name: is_date_of_year(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.is_date_of_year(digits text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (digits ~ '^(?:(?:19|20)?[0-9]{2})?(?:(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))$|^(?:(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))(?:19|20)?[0-9]{2}$|^(?:19|20)[0-9]{2}$'::text);


ALTER FUNCTION postern_internal.is_date_of_year(digits text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_date_of_year(digits text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.is_date_of_year(digits text) IS 'Whether digits can be read as a date: DDMM, MMDD, with or without YY or YYYY at either end; or YYYY alone.';


--
-- Name: is_message_name(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.is_message_name(name text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((length(name) >= 1) AND (length(name) <= 128) AND ((name COLLATE "C") !~ '[
=]'::text));


ALTER FUNCTION postern_internal.is_message_name(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_message_name(name text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.is_message_name(name text) IS 'Whether a text can name a message or an attribute: 1 to 128 characters, no line feed, carriage return or "=". NULL for NULL.';


--
-- Name: is_moved(postern_internal.place); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.is_moved(recorded postern_internal.place) RETURNS boolean
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select (recorded).system_identifier <> (c.place).system_identifier
      or (recorded).database_oid <> (c.place).database_oid
      or (recorded).log_oid <> (c.place).log_oid
    from (select postern_internal.current_place() as place offset 0) as c
$$;


ALTER FUNCTION postern_internal.is_moved(recorded postern_internal.place) OWNER TO postern_owner;

--
-- Name: FUNCTION is_moved(recorded postern_internal.place); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.is_moved(recorded postern_internal.place) IS 'Whether this is another database than the recorded one: a copy, a restored database, or one in another cluster. A new timeline alone does not count, because each failover begins one. NULL if none was recorded.';


--
-- Name: session_value(bytea, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.session_value(secret bytea, userid text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((encode(sha256(((secret || convert_to(((userid || '	'::text) || (SESSION_USER)::text), 'UTF8'::name)) || timestamptz_send(transaction_timestamp()))), 'hex'::text) || '	'::text) || userid);


ALTER FUNCTION postern_internal.session_value(secret bytea, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION session_value(secret bytea, userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.session_value(secret bytea, userid text) IS 'The value of the setting postern.session for a user in the current transaction of the current session role: 64 hexadecimal digits, a tab, the user. secret: from session_secret.';


--
-- Name: is_proven(text, bytea); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.is_proven(setting text, secret bytea) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (setting = postern_internal.session_value(secret, split_part(setting, '	'::text, 2)));


ALTER FUNCTION postern_internal.is_proven(setting text, secret bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION is_proven(setting text, secret bytea); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.is_proven(setting text, secret bytea) IS 'Whether the setting postern.session proves, in this transaction, the user that follows its tab. secret: from session_secret. NULL if the setting is NULL.';


--
-- Name: is_verify_function(regprocedure); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.is_verify_function(candidate regprocedure) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select exists (
    select
      from pg_proc as p
     where p.oid = candidate
       and p.prokind = 'f'
       and not p.proretset
       and p.prorettype = 'boolean'::regtype
       -- An oidvector counts from 0, so it never equals an array that counts from 1.
       and p.pronargs = 3
       and p.proargtypes[0] = 'text'::regtype
       and p.proargtypes[1] = 'text'::regtype
       and p.proargtypes[2] = 'jsonb'::regtype
       and p.prosecdef
       and exists (select from unnest(p.proconfig) as setting where starts_with(setting, 'search_path='))
       and has_schema_privilege(p.pronamespace, 'usage')
       and has_function_privilege(p.oid, 'execute')
       -- Before PostgreSQL 16, a role that may create roles may also join any of them.
       and (pg_has_role(p.proowner, 'postern_owner', 'member')
            or current_setting('server_version_num')::integer < 160000
               and (select r.rolcreaterole from pg_roles as r where r.oid = p.proowner))
  )
$$;


ALTER FUNCTION postern_internal.is_verify_function(candidate regprocedure) OWNER TO postern_owner;

--
-- Name: FUNCTION is_verify_function(candidate regprocedure); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.is_verify_function(candidate regprocedure) IS 'Whether candidate is a function (text, text, jsonb) returns boolean that runs with its owner''s rights and its own search_path, that postern_owner may call, and whose owner could become postern_owner.';


--
-- Name: last_given_log_id(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.last_given_log_id() RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select pg_sequence_last_value('postern_internal.log_skip') + coalesce(pg_sequence_last_value('postern_internal.log_number'), 0)
$$;


ALTER FUNCTION postern_internal.last_given_log_id() OWNER TO postern_owner;

--
-- Name: FUNCTION last_given_log_id(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.last_given_log_id() IS 'The last log_id that was given out here. New entries get higher ones.';


--
-- Name: salted_field(uuid, bigint, bytea, bytea); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.salted_field(salt uuid, log_id bigint, number bytea, value bytea) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT ('\x05'::bytea || sha256((sha256(((uuid_send(salt) || int8send(log_id)) || number)) || value)));
END;


ALTER FUNCTION postern_internal.salted_field(salt uuid, log_id bigint, number bytea, value bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION salted_field(salt uuid, log_id bigint, number bytea, value bytea); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.salted_field(salt uuid, log_id bigint, number bytea, value bytea) IS 'A personal field of a leaf: type 5, and the SHA-256 of its salt and its value. salt, log_id: of the entry. number: the place of the field in the leaf, one octet. value: the columns of the field, each with its type.';


--
-- Name: leaf_data(postern_internal.checkpoint_entry); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.leaf_data(entry postern_internal.checkpoint_entry) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT ((((((((((((((((((('\x02'::bytea || '\x01'::bytea) || int8send((entry).log_id)) || postern_internal.encode_field(((entry).outcome)::text)) || postern_internal.encode_field((entry).gate_id)) || postern_internal.encode_field((entry).action)) || postern_internal.salted_field((entry).salt, (entry).log_id, '\x05'::bytea, postern_internal.encode_field((entry).userid))) || postern_internal.salted_field((entry).salt, (entry).log_id, '\x06'::bytea, postern_internal.encode_field((entry).authenticated_by))) || '\x03'::bytea) || timestamptz_send((entry).logged_at)) || postern_internal.salted_field((entry).salt, (entry).log_id, '\x08'::bytea, ((postern_internal.encode_field((entry).message) || postern_internal.encode_field(((entry).parameters)::text)) || postern_internal.encode_field((entry).approved_message)))) || postern_internal.salted_field((entry).salt, (entry).log_id, '\x09'::bytea, postern_internal.encode_field((entry).comment))) || postern_internal.encode_field((entry).scheme)) || postern_internal.salted_field((entry).salt, (entry).log_id, '\x0b'::bytea, ((postern_internal.encode_field(((entry).session_role)::text) || postern_internal.encode_field(((entry).client_addr)::text)) || postern_internal.encode_field((entry).application_name)))) || '\x01'::bytea) || xid8send((entry).transaction_id)) || postern_internal.encode_field(((entry).ticket)::text)) || '\x04'::bytea) || boolsend((entry).asked)) || postern_internal.encode_field((entry).approved_gate_id));
END;


ALTER FUNCTION postern_internal.leaf_data(entry postern_internal.checkpoint_entry) OWNER TO postern_owner;

--
-- Name: FUNCTION leaf_data(entry postern_internal.checkpoint_entry); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.leaf_data(entry postern_internal.checkpoint_entry) IS 'What is hashed for an entry of the log: its fields in order, each with its type, the personal ones as hashes. No setting of the session changes it. docs/log-format.md has every octet.';


--
-- Name: leaf_hash(postern_internal.checkpoint_entry); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.leaf_hash(entry postern_internal.checkpoint_entry) RETURNS bytea
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT sha256(('\x00'::bytea || postern_internal.leaf_data(entry))) AS sha256;
END;


ALTER FUNCTION postern_internal.leaf_hash(entry postern_internal.checkpoint_entry) OWNER TO postern_owner;

--
-- Name: FUNCTION leaf_hash(entry postern_internal.checkpoint_entry); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.leaf_hash(entry postern_internal.checkpoint_entry) IS 'The hash of an entry''s leaf (RFC 6962, section 2.1), 32 octets.';


--
-- Name: lock_log(text, interval, regclass[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.lock_log(mode text, timeout interval, VARIADIC tables regclass[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '100ms'
    AS $$
declare
  one regclass;
  gives_up_at constant timestamptz := clock_timestamp() + timeout;
begin
  loop
    begin
      foreach one in array tables loop
        case mode
          when 'share' then
            execute format('lock table only %s in share mode', one);
          when 'share update exclusive' then
            execute format('lock table only %s in share update exclusive mode', one);
          when 'access exclusive' then
            execute format('lock table only %s in access exclusive mode', one);
        end case;
      end loop;
      return;
    exception when lock_not_available or deadlock_detected then
      if clock_timestamp() >= gives_up_at then
        raise exception using
          errcode = '55P03',
          message = 'The log is in use',
          detail = format('Another transaction has had a lock on one of these for %s: %s.', timeout, array_to_string(tables, ', ')),
          hint = 'Try again: nothing was changed. To see who holds a lock, run: select a.pid, a.usename, a.state, a.xact_start, a.query from pg_stat_activity as a join pg_locks as l on l.pid = a.pid join pg_partition_tree(''postern_internal.checkpoint_entry'') as p on p.relid = l.relation where a.datname = current_database() order by a.xact_start;';
      end if;
    end;
    perform pg_sleep(0.2);
  end loop;
end
$$;


ALTER FUNCTION postern_internal.lock_log(mode text, timeout interval, VARIADIC tables regclass[]) OWNER TO postern_owner;

--
-- Name: FUNCTION lock_log(mode text, timeout interval, VARIADIC tables regclass[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.lock_log(mode text, timeout interval, VARIADIC tables regclass[]) IS 'Locks tables of the log without their partitions, all of them or none. mode: as in LOCK TABLE. timeout: for how long to try. Errors: 55P03 others have locked them.';


--
-- Name: log_months(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.log_months() RETURNS TABLE(partition regclass, since timestamp with time zone, until timestamp with time zone)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO'
    AS $$
  select p.partition, split_part(p.bounds, '''', 2)::timestamptz, split_part(p.bounds, '''', 4)::timestamptz
    from (select c.oid::regclass as partition, pg_get_expr(c.relpartbound, c.oid) as bounds
            from pg_inherits as i
            join pg_class as c on c.oid = i.inhrelid
           where i.inhparent = 'postern_internal.checkpoint_entry'::regclass) as p
   where p.bounds like 'FOR VALUES FROM (''%'') TO (''%'')'
   order by 2
$$;


ALTER FUNCTION postern_internal.log_months() OWNER TO postern_owner;

--
-- Name: FUNCTION log_months(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.log_months() IS 'The partitions of the log except the default one, oldest first. Each has the entries from since (inclusive) to until (exclusive).';


--
-- Name: merge_tail(bigint, text, bigint, integer, integer, bytea); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  first_word constant integer := coalesce(compiled_offset, 0) / 64;
  merged bytea;
begin
  if not exists (select from postern_internal.authority_combination as c where c.class_id = merge_tail.class_id and c.allowed) then
    return coalesce(bits, postern_internal.zeros(size / 8));
  end if;
  select coalesce(substr(merge_tail.bits, 1, first_word * 8), '') || t.bits
    into merged
    from postern_internal.compile_blocks(class_id, company, first_id + first_word * 64, first_id + size - 1) as t;
  return coalesce(merged || postern_internal.zeros(size / 8 - octet_length(merged)), bits, postern_internal.zeros(size / 8));
end
$$;


ALTER FUNCTION postern_internal.merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea) IS 'The bits of one block in a class''s map. Evaluates the combinations from compiled_offset on (NULL: all), which bits does not cover, beginning at the last multiple of 64.';


--
-- Name: message_object(text[], integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.message_object(pairs text[], level integer) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  header text collate "C";
  value text collate "C";
  inner_pairs text[];
  names text[] := '{}'::text[];
  objects jsonb[] := '{}'::jsonb[];
begin
  for i in 1 .. cardinality(pairs) by 2 loop
    value := pairs[i + 1];
    continue when left(value, 1) <> '!' or value = '';
    header := '!' || pairs[i];
    continue when value <> header and not starts_with(value, header || E'\n');
    inner_pairs := postern_internal.parse_message(value);
    continue when inner_pairs is null;

    if level >= 16 then
      raise exception using
        errcode = 'PS107',
        message = 'The IFS Message is nested too deeply',
        detail = format('The attribute %s contains a message at level 17.', pairs[i]),
        hint = 'Nest messages at most 16 levels deep, including the outermost one.';
    end if;
    names := array_append(names, pairs[i]);
    objects := array_append(objects, postern_internal.message_object(inner_pairs, level + 1));
  end loop;

  if names = '{}' then
    return jsonb_object(pairs);
  end if;

  return jsonb_object(pairs) || (select jsonb_object_agg(n.name, n.object) from unnest(names, objects) as n (name, object));
end
$$;


ALTER FUNCTION postern_internal.message_object(pairs text[], level integer) OWNER TO postern_owner;

--
-- Name: FUNCTION message_object(pairs text[], level integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.message_object(pairs text[], level integer) IS 'The jsonb object of parsed attributes. level: counts from 1, the outermost message. Errors: PS107 beyond 16 levels.';


--
-- Name: message_template(text, text[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.message_template(message text, names text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if cardinality(names) = 0 then
    return replace(message, '%', '%%');
  end if;
  -- An alternation in PostgreSQL's regular expressions matches its longest branch. Names consist of letters, digits and
  -- underscores, so they need no quoting.
  return (
    select coalesce(string_agg(case when part.matched[1] is null then replace(part.matched[2], '%', '%%')
                           else '%' || array_position(names, part.matched[1]) || '$s' end, '' order by part.position), '')
      from regexp_matches(message, '&(' || array_to_string(names, '|') || ')|([^&]+|&)', 'g')
           with ordinality as part (matched, position));
end
$_$;


ALTER FUNCTION postern_internal.message_template(message text, names text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION message_template(message text, names text[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.message_template(message text, names text[]) IS 'message as a format string: %1$s for each &NAME of the first name, and so on.';


--
-- Name: missing_log_months(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.missing_log_months(maximum_moved bigint) RETURNS SETOF timestamp with time zone
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
  with
  -- No clock writes moments outside these bounds, but a superuser may.
  stray as (
    select date_trunc('month', e.logged_at) as month, count(*) as entries
      from postern_internal.checkpoint_entry_default as e
     where e.logged_at >= timestamptz '1970-01-01 00:00:00+00'
       and e.logged_at < timestamptz '3000-01-01 00:00:00+00'
     group by 1
  ),
  wanted as (
    select date_trunc('month', clock_timestamp()) + make_interval(months => a.months) as month from generate_series(0, 3) as a (months)
    union
    select s.month from stray as s
  )
  select w.month
    from wanted as w
    left join stray as s on s.month = w.month
   where (s.entries is null or maximum_moved is null or s.entries <= maximum_moved)
     and not exists (select from postern_internal.log_months() as p where p.since < w.month + interval '1 month' and p.until > w.month)
   order by w.month
$$;


ALTER FUNCTION postern_internal.missing_log_months(maximum_moved bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION missing_log_months(maximum_moved bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.missing_log_months(maximum_moved bigint) IS 'The first moments of months (UTC) that lack a partition of the log: this month, the next three, and those of at most the given number of entries in the default partition. NULL: any number.';


--
-- Name: new_combination(text, bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.new_combination(company text, posting_combination_id bigint) RETURNS text[]
    LANGUAGE plpgsql PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if coalesce(current_setting('postern.last_combination', true), '') = '' then
    return null;
  end if;
  return (select array[p.code_a, p.code_b, p.code_c, p.code_d, p.code_e, p.code_f, p.code_g, p.code_h, p.code_i, p.code_j]
            from postern.posting_combination as p
           where p.company = new_combination.company and p.posting_combination_id = new_combination.posting_combination_id);
end
$$;


ALTER FUNCTION postern_internal.new_combination(company text, posting_combination_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION new_combination(company text, posting_combination_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.new_combination(company text, posting_combination_id bigint) IS 'The code string of a posting combination that the running statement may have created itself. NULL if there is none.';


--
-- Name: new_combination_company(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.new_combination_company(posting_combination_id bigint) RETURNS text
    LANGUAGE plpgsql PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  return (select b.company
            from postern_internal.combination_block as b
           where b.first_id <= new_combination_company.posting_combination_id
           order by b.first_id desc
           limit 1);
end
$$;


ALTER FUNCTION postern_internal.new_combination_company(posting_combination_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION new_combination_company(posting_combination_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.new_combination_company(posting_combination_id bigint) IS 'The company that owns an id of a posting combination, whether or not the id is given. NULL if nobody owns it.';


--
-- Name: new_uuid(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.new_uuid() RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  milliseconds bytea := substr(int8send(floor(extract(epoch from transaction_timestamp()) * 1000)::bigint), 3);
  random bytea := substr(uuid_send(gen_random_uuid()), 7);  -- of version 4: the random part stays, except the digit 4
begin
  return encode(milliseconds || set_byte(random, 0, 112 | (get_byte(random, 0) & 15)), 'hex')::uuid;
end
$$;


ALTER FUNCTION postern_internal.new_uuid() OWNER TO postern_owner;

--
-- Name: FUNCTION new_uuid(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.new_uuid() IS 'A new ticket or nonce: 48 bits of time, 74 random bits.';


--
-- Name: object_to_message(text, jsonb, integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.object_to_message(name text, object jsonb, level integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  rows text[] := array['!' || postern_internal.check_message_name(name)];
  member record;
  value text collate "C";
begin
  if level > 16 then
    raise exception using
      errcode = 'PS107',
      message = 'The content of the IFS Message is nested too deeply',
      detail = format('The attribute %s contains an object at level 17.', name),
      hint = 'Nest messages at most 16 levels deep, including the outermost one.';
  end if;

  for member in select o.key, o.value, jsonb_typeof(o.value) as type from jsonb_each(object) as o loop
    case member.type
      when 'object' then
        value := postern_internal.object_to_message(member.key, member.value, level + 1);
      when 'array' then
        raise exception using
          errcode = 'PS107',
          message = 'An IFS Message cannot contain an array',
          detail = format('The attribute %s is an array.', left(member.key, 80)),
          hint = 'Use a string, a number, a boolean, null or an object. Write a list as one string, or as an object.';
      when 'boolean' then
        value := upper((member.value #>> '{}') collate "C");
      else
        value := coalesce(member.value #>> '{}', '');
    end case;
    rows := array_append(rows, '$' || postern_internal.check_message_name(member.key) || '=' || replace(value, E'\n', E'\n-'));
  end loop;

  return array_to_string(rows, E'\n');
end
$_$;


ALTER FUNCTION postern_internal.object_to_message(name text, object jsonb, level integer) OWNER TO postern_owner;

--
-- Name: FUNCTION object_to_message(name text, object jsonb, level integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.object_to_message(name text, object jsonb, level integer) IS 'The IFS Message of a jsonb object. level: counts from 1, the outermost message. Errors: PS107 an array, a key that is not usable as a name, more than 16 levels.';


--
-- Name: open_block(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  room bigint;
  wanted integer;
  part integer;
begin
  select (coalesce(sum(b.size) filter (where b.given = b.size), 0) * 3 + 128) / case when bool_or(b.given < b.size) then 16 else 1 end
    into room
    from postern_internal.combination_block as b
   where b.company = open_block.company;
  wanted := case when room >= 32768 then 32768 when room >= 8192 then 8192 when room >= 2048 then 2048 when room >= 512 then 512 else 128 end;

  for attempt in 1 .. 3 loop
    select b.first_id, b.size
      into open_block.first_id, open_block.size
      from postern_internal.combination_block as b
     where b.company is null and b.size >= wanted and b.first_id > 0
     order by b.size, b.made_in is distinct from pg_current_xact_id(), b.first_id
     limit 1
       for no key update skip locked;
    exit when found;
    if attempt = 1 then
      perform from postern_internal.combination_block as b where b.first_id = 0 for no key update;
    else
      perform postern_internal.append_extents();
    end if;
  end loop;
  if open_block.size = 32768 and (select count(*) from postern_internal.combination_block as b where b.company is null and b.size = 32768) <= 16 then
    perform from postern_internal.combination_block as b where b.first_id = 0 for no key update skip locked;
    if found then
      perform postern_internal.append_extents();
    end if;
  end if;

  -- Splits by four until some small blocks are left, for sessions that begin at the same time.
  while open_block.size > wanted loop
    part := case when open_block.size > 2048 then open_block.size / 4 else wanted end;
    insert into postern_internal.combination_block (first_id, size)
    select open_block.first_id + n * part, part
      from generate_series(1, open_block.size / part - 1) as n;
    open_block.size := part;
  end loop;
  given := 0;
  counted := false;
  update postern_internal.combination_block as b
     set company = open_block.company, size = open_block.size
   where b.first_id = open_block.first_id;
end
$$;


ALTER FUNCTION postern_internal.open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean) IS 'Gives a company another block of ids, locked until the transaction ends; a rollback returns it. Returns its row. Errors: 40001 the snapshot is older than what others have taken.';


--
-- Name: parse_message(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.parse_message(message text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  rows text collate "C" := message;
  chunk text collate "C";
  chunks text[] collate "C";
  equals integer;
  pairs text[] collate "C" := '{}'::text[];
  size integer := 0;
begin
  -- 64 MiB keeps every intermediate value below the 1 GiB that PostgreSQL can hold.
  if octet_length(rows) > 67108864 then
    return null;
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;
  rows := E'\n' || rows;

  if rows ~ E'^(?:\n [^\n]*)*\n![^\n\r=]+(?:\n[ +][^\n]*)*(?:\n\\$[^\n\r=]+=[^\n]*(?:\n[-+ ][^\n]*)*)*$' then
    if strpos(rows, E'\n ') > 0 or strpos(rows, E'\n+') > 0 then
      rows := regexp_replace(rows, E'(?:\n[ +][^\n]*)+', '', 'g');
    end if;
  else
    return null;
  end if;

  -- Every line feed now starts a $ row or a - row, so an attribute ends where the next one starts.
  chunks := string_to_array(rows, E'\n$');
  if length(chunks[1]) > 130 then
    return null;
  end if;

  foreach chunk in array chunks[2:] loop
    equals := strpos(chunk, '=');
    if equals > 129 then
      return null;
    end if;
    pairs[size + 1] := left(chunk, equals - 1);
    pairs[size + 2] := replace(substr(chunk, equals + 1), E'\n-', E'\n');
    size := size + 2;
  end loop;

  -- An object holds each name once. If it has fewer members than there are pairs, a name occurs twice.
  if jsonb_array_length(jsonb_path_query_array(jsonb_object(pairs), '$.*')) * 2 <> size then
    return null;
  end if;

  return pairs;
end
$_$;


ALTER FUNCTION postern_internal.parse_message(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION parse_message(message text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.parse_message(message text) IS 'The attributes of an IFS Message in their order, as name, value, name, value, ...; NULL for NULL and for a message that is not valid.';


--
-- Name: pass_exclusive_gate(postern_internal.gate, text, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  wanted bytea := postern_internal.digest(gate.gate_id, action, gate.unbound_parameters, parameters);
  opened postern_internal.open_exclusive_gate;
begin
  update postern_internal.open_exclusive_gate as o
     set passed = true
   where o.nonce = (select e.nonce
                      from postern_internal.open_exclusive_gate as e
                     where e.digest = wanted
                       and e.expires_at > clock_timestamp()
                       and not e.passed
                     order by e.message = pass_exclusive_gate.message desc, e.nonce
                     limit 1)
  returning o.nonce into opened.nonce;
  if found then
    return opened.nonce;
  end if;

  select o.*
    into opened
    from postern_internal.open_exclusive_gate as o
   where o.gate_id = gate.gate_id
     and o.action is not distinct from pass_exclusive_gate.action
     and not o.passed
   order by o.digest = wanted desc
   limit 1;
  if not found then
    perform postern_internal.require_approval(gate, action, postern.current_userid(), message, parameters);
  end if;
  perform postern_internal.raise_ticket_invalid(
    case when opened.digest = wanted then 'expired' else 'changed' end,
    case when opened.digest = wanted then format('The ticket was for gate %s and has expired.', gate.gate_id)
         else format('The ticket was approved for gate %s with other parameters.', gate.gate_id) end,
    jsonb_build_object('gate', gate.gate_id, 'approved_gate', opened.gate_id, 'approved_action', opened.action, 'expires_at', opened.expires_at),
    message => 'The ticket does not open this gate',
    hint => 'Roll back, send the transaction without this ticket, and have the user approve the challenge that it returns. If a transaction reaches a gate several times, let it do so in the same order each time.');
  return null; -- not reached
end
$$;


ALTER FUNCTION postern_internal.pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb) IS 'Uses a ticket of this transaction for an exclusive gate, and returns its nonce. action: the action that begins, if the gate is its own checkpoint; otherwise NULL. Errors: PS101 there is no ticket for the gate, PS103 it has expired or was for other parameters, PS401, PS402.';


--
-- Name: pass_gate(text, jsonb, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.pass_gate(gate_id text, parameters jsonb, action text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  insert into postern_internal.checkpoint_entry
    (outcome, gate_id, action, userid, authenticated_by, message, parameters, comment, scheme, ticket,
     asked, approved_gate_id, approved_message, salt)
  select 'passed', pass_gate.gate_id, o.action, o.userid, o.authenticated_by, c.message, c.parameters,
         o.comment, o.scheme, o.ticket, c.asked,
         case when not c.asked or o.message <> c.message then o.gate_id end,
         case when not c.asked or o.message <> c.message then o.message end,
         o.salt
    from postern_internal.check_gate(pass_gate.gate_id, pass_gate.action, pass_gate.parameters) as c
    left join postern_internal.open_gate as o on o.nonce = c.nonce;
end
$$;


ALTER FUNCTION postern_internal.pass_gate(gate_id text, parameters jsonb, action text) OWNER TO postern_owner;

--
-- Name: FUNCTION pass_gate(gate_id text, parameters jsonb, action text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.pass_gate(gate_id text, parameters jsonb, action text) IS 'Passes an active gate that is open in this transaction, and logs the pass. action: the action that begins, if the gate is its own checkpoint; otherwise NULL. Errors: PS101 the gate is not open, PS103 the ticket was for something else, PS107 parameters, PS401, PS402.';


--
-- Name: pin_weakness(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.pin_weakness(userid text, pin text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  reason text;
begin
  if pin is null then
    reason := 'missing';
  elsif octet_length(pin) > 512 or length(pin) > 128 then
    reason := 'too_long';
  elsif length(pin) < postern_internal.setting_integer('pin_min_length') then
    reason := 'too_short';
  elsif pin ~ E'^(.+)\\1+$' then
    reason := 'repetition';
  elsif strpos('01234567890123456789', pin) > 0 or strpos('98765432109876543210', pin) > 0
        or strpos('abcdefghijklmnopqrstuvwxyz', lower(pin)) > 0 or strpos('zyxwvutsrqponmlkjihgfedcba', lower(pin)) > 0 then
    reason := 'run';
  elsif postern_internal.is_date_of_year(pin) then
    reason := 'date';
  elsif lower(pin) = lower(userid) then
    reason := 'user_name';
  elsif lower(pin) = any (array[
    '112233', '123321', '123654', '159753', '147258', '258369', '147852', '852456', '456852', '159357', '951753',
    '102030', '010203', '100200', '135790', '246810', '135791', '147896', '789456', '456123', '789123', '321654',
    '963852', '741852', '369258', '520520', '521521', '131313', '252525', '696969', '007007', '112358', '314159',
    '271828', '142857', '123123', '123456a', '123abc', 'abc123', 'a12345', 'a123456', '1q2w3e', '1q2w3e4r', '1qaz2wsx',
    'qwerty', 'qwertz', 'azerty', 'qwerty1', 'qwerty123', 'asdfgh', 'zxcvbn', 'qazwsx', 'password', 'password1',
    'passw0rd', 'p@ssw0rd', 'letmein', 'welcome', 'welcome1', 'iloveyou', 'monkey', 'dragon', 'master', 'sunshine',
    'princess', 'football', 'baseball', 'shadow', 'michael', 'secret', 'admin1', 'admin123', 'changeme', 'default',
    '1234', '0000', '1212', '2580', '0852', '1379', '1397', '5683', '4321', '1122', '2468', '1357', '6969', '1004',
    '12345678', '123456789', '1234567890', '11223344', '12344321', '87654321', '88888888', '147258369', '12341234'
  ]) then
    reason := 'common';
  end if;
  return reason;
end
$_$;


ALTER FUNCTION postern_internal.pin_weakness(userid text, pin text) OWNER TO postern_owner;

--
-- Name: FUNCTION pin_weakness(userid text, pin text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.pin_weakness(userid text, pin text) IS 'Why pin is not acceptable as the PIN of userid: missing, too_long (128 characters), too_short (setting pin_min_length), repetition, run, date, user_name, or common. NULL if it is acceptable.';


--
-- Name: place_text(postern_internal.place); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.place_text(place postern_internal.place) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select concat_ws('/', place.system_identifier, place.database_oid, place.log_oid)
$$;


ALTER FUNCTION postern_internal.place_text(place postern_internal.place) OWNER TO postern_owner;

--
-- Name: FUNCTION place_text(place postern_internal.place); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.place_text(place postern_internal.place) IS 'A place as errors, restarts and --confirm-database write it: cluster, database and table of the log, without the timeline.';


--
-- Name: prune_event_deliveries(integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.prune_event_deliveries(maximum integer) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  -- Evaluated once instead of for each row: a volatile condition cannot use an index.
  oldest constant timestamptz := postern_internal.deliveries_kept_since();
  pruned bigint;
begin
  delete from postern_internal.event_delivery as d
   where d.ctid = any (array(
           select o.ctid
             from postern_internal.event_delivery as o
            where o.finished_at < oldest
              and o.state <> 'dead'
            limit maximum
              for update skip locked));
  get diagnostics pruned = row_count;
  return pruned;
end
$$;


ALTER FUNCTION postern_internal.prune_event_deliveries(maximum integer) OWNER TO postern_owner;

--
-- Name: FUNCTION prune_event_deliveries(maximum integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.prune_event_deliveries(maximum integer) IS 'Deletes deliveries that finished more than event_days ago, at most maximum of them. Dead letters stay. Waits for nobody. Returns how many were deleted.';


--
-- Name: queue_event_deliveries(integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.queue_event_deliveries(event_action_id integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
declare
  wanted postern_internal.outcome;
  action record;
  queue_to pg_snapshot;
begin
  -- One worker queues; another one that comes meanwhile goes on to deliver.
  select a.event, a.queued_to, a.after_log_id into action
    from postern_internal.event_action as a
   where a.event_action_id = queue_event_deliveries.event_action_id
     for no key update skip locked;
  if not found then
    return;
  end if;
  select e.outcome into wanted from postern_internal.event as e where e.event = action.event and e.enabled;
  if not found then
    return;
  end if;

  queue_to := postern_internal.event_snapshot();
  insert into postern_internal.event_delivery (event_action_id, log_id)
  select queue_event_deliveries.event_action_id, e.log_id
    from postern_internal.checkpoint_entry as e
   where e.transaction_id = any (array(select pg_snapshot_xip(action.queued_to)))
     and pg_visible_in_snapshot(e.transaction_id, queue_to)
     and e.log_id + 0 > action.after_log_id
     and e.outcome = wanted
  union all
  select queue_event_deliveries.event_action_id, e.log_id
    from postern_internal.checkpoint_entry as e
   where e.transaction_id >= pg_snapshot_xmax(action.queued_to)
     and e.transaction_id < pg_snapshot_xmax(queue_to)
     and pg_visible_in_snapshot(e.transaction_id, queue_to)
     and e.log_id + 0 > action.after_log_id
     and e.outcome = wanted
  on conflict do nothing;

  update postern_internal.event_action as a
     set queued_to = queue_to, queued_at = clock_timestamp()
   where a.event_action_id = queue_event_deliveries.event_action_id;
end
$$;


ALTER FUNCTION postern_internal.queue_event_deliveries(event_action_id integer) OWNER TO postern_owner;

--
-- Name: FUNCTION queue_event_deliveries(event_action_id integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.queue_event_deliveries(event_action_id integer) IS 'Queues the entries of the log that have been committed since the last time and are of the action''s event. Does nothing if another session is doing the same, or if the event is disabled.';


--
-- Name: raise_checkpoint_required(text, text, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  gate postern_internal.gate;
begin
  select g.* into strict gate from postern_internal.gate as g where g.gate_id = raise_checkpoint_required.gate_id;
  perform postern_internal.refuse_unhandled(gate, message, parameters);
  perform postern_internal.require_approval(gate, null, userid, message, parameters);
end
$$;


ALTER FUNCTION postern_internal.raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb) IS 'Raises PS105 if the gate was reached in an action that does not reference it, otherwise PS101.';


--
-- Name: raise_ticket_invalid(text, text, jsonb, text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.raise_ticket_invalid(reason text, explanation text, fields jsonb DEFAULT '{}'::jsonb, message text DEFAULT 'The ticket is not valid'::text, hint text DEFAULT 'Send the business transaction without a ticket, answer the challenge that it returns, commit, and use the new ticket.'::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception using
    errcode = 'PS103',
    message = message,
    detail = (fields || jsonb_build_object('reason', reason, 'explanation', explanation))::text,
    hint = hint;
end
$$;


ALTER FUNCTION postern_internal.raise_ticket_invalid(reason text, explanation text, fields jsonb, message text, hint text) OWNER TO postern_owner;

--
-- Name: FUNCTION raise_ticket_invalid(reason text, explanation text, fields jsonb, message text, hint text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.raise_ticket_invalid(reason text, explanation text, fields jsonb, message text, hint text) IS 'Raises PS103. reason: a word of docs/errors.md, for programs. explanation: a sentence, for people. fields: an object with further fields of DETAIL. message, hint: pass them if the error is not about a ticket. Errors: PS103.';


--
-- Name: read_challenge(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.read_challenge(challenge text) RETURNS jsonb
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  content text;
  fields jsonb;
  reason text;
  explanation text;
begin
  -- The length is checked first: 10 MB of nonsense should not cost a digest. A challenge holds at most 32768 characters
  -- of parameters with up to four bytes each. Its message is as long, with up to six bytes each (JSON escapes control
  -- characters). As base64 that is 440000 characters.
  if octet_length(challenge) <= 524288 then
    content := split_part(challenge, '.', 1);
  end if;
  if content is null
     or split_part(challenge, '.', 2) is distinct from postern_internal.sign_challenge(content)  -- NULL if the key is gone
     or split_part(challenge, '.', 3) <> '' then
    reason := 'unknown';
    explanation := 'It was not made by this database, or it was changed.';
  else
    fields := convert_from(postern_internal.decode_base64url(content), 'UTF8')::jsonb;
    if fields ->> 'user' <> postern.current_userid() then
      reason := 'other_user';
      explanation := 'It was made for another user.';
    elsif fields ->> 'role' <> session_user then
      reason := 'other_role';
      explanation := 'It was made for another database role.';
    end if;
  end if;
  if reason is not null then
    perform postern_internal.raise_ticket_invalid(reason, explanation,
      message => 'The challenge is not valid',
      hint => 'Send the business transaction again and answer the challenge that it returns.');
  end if;
  return fields;
end
$$;


ALTER FUNCTION postern_internal.read_challenge(challenge text) OWNER TO postern_owner;

--
-- Name: FUNCTION read_challenge(challenge text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.read_challenge(challenge text) IS 'The content of a challenge that this database made for the current user and database role. The caller checks whether it has expired. Errors: PS103, PS401, PS402.';


--
-- Name: refuse_action(text, postern_internal.gate, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  approved record;
  reason text;
  explanation text;
begin
  select o.action, o.gate_id, o.expires_at into approved
    from postern_internal.current_open_gate as o;
  if not found then
    perform postern_internal.require_approval(gate, action, postern.current_userid(), message, parameters);
  end if;
  if approved.action is null then
    reason := 'other_action';
    explanation := format('The ticket was approved for gate %s, but action %s was begun.', approved.gate_id, action);
  elsif approved.action <> action then
    reason := 'other_action';
    explanation := format('The ticket was approved for action %s, but action %s was begun.', approved.action, action);
  elsif approved.expires_at <= clock_timestamp() then
    reason := 'expired';
    explanation := format('The ticket was for action %s and has expired.', action);
  else
    reason := 'changed';
    explanation := format('The ticket was approved for action %s with other parameters, or before its gates were changed.', action);
  end if;
  perform postern_internal.raise_ticket_invalid(reason, explanation,
    jsonb_build_object('action', action, 'approved_gate', approved.gate_id, 'approved_action', approved.action, 'expires_at', approved.expires_at),
    message => 'The ticket does not open this action',
    hint => 'Roll back, send the transaction without a ticket, and have the user approve the challenge that it returns. Begin an action before any gate is reached, and use one approval for one action.');
end
$$;


ALTER FUNCTION postern_internal.refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb) IS 'Raises the reason why an action cannot begin: PS101 nothing was approved in this transaction, PS103 something else was approved.';


--
-- Name: refuse_change(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception using
    errcode = '55000',
    message = format('%s.%s cannot be changed', tg_table_schema, tg_table_name),
    detail = format('%s was tried; the log is append-only.', tg_op),
    hint = 'Leave the log as it is: Postern never needs this change.';
end
$$;


ALTER FUNCTION postern_internal.refuse_change() OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_change(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_change() IS 'Trigger of tables that only grow. Errors: 55000.';


--
-- Name: refuse_long_parameters(integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_long_parameters(size integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  raise exception using
    errcode = 'PS107',
    message = 'The parameters are too long',
    detail = format('They have %s bytes, or a number of more than 1000 digits; as text they may have 32768 characters.', size),
    hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
end
$$;


ALTER FUNCTION postern_internal.refuse_long_parameters(size integer) OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_long_parameters(size integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_long_parameters(size integer) IS 'Raises PS107 for parameters of size bytes. It takes the size, so that the parameters are not copied into one more statement.';


--
-- Name: refuse_pin(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_pin(reason text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  minimum integer := postern_internal.setting_integer('pin_min_length');
begin
  raise exception using
    errcode = 'PS109',
    message = 'The new PIN is not acceptable',
    detail = jsonb_build_object(
      'reason', reason,
      'explanation', case reason
                       when 'missing' then 'It is NULL.'
                       when 'too_long' then 'It has more than 128 characters.'
                       when 'too_short' then format('It has fewer than %s characters.', minimum)
                       when 'repetition' then 'It repeats one part, like 111111 and 121212.'
                       when 'run' then 'It is a run, like 123456 and 654321.'
                       when 'date' then 'It is a date, and dates are guessed first.'
                       when 'user_name' then 'It is the user name.'
                       when 'common' then 'It is one of the most common PINs.'
                       when 'old' then 'It is the old PIN.'
                     end,
      'minimum_length', minimum)::text,
    hint = format('Choose at least %s characters that are no repetition, no run, no date, no common PIN, and not the old PIN.', minimum);
end
$$;


ALTER FUNCTION postern_internal.refuse_pin(reason text) OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_pin(reason text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_pin(reason text) IS 'Raises PS109. reason: a word of pin_weakness, or old. Errors: PS109.';


--
-- Name: refuse_read_only(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_read_only() RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if current_setting('transaction_read_only') = 'off' then
    return;
  end if;
  raise exception using
    errcode = 'read_only_sql_transaction',
    message = case when pg_is_in_recovery() then 'Nothing can be written on a standby' else 'Nothing can be written in a read-only transaction' end,
    detail = case when pg_is_in_recovery() then 'This server replays what its primary has written (pg_is_in_recovery() is true).'
                  else format('transaction_read_only is on; default_transaction_read_only is %s.', current_setting('default_transaction_read_only')) end,
    hint = case when pg_is_in_recovery() then 'Send this to the primary: with several hosts in a connection string, target_session_attrs=read-write finds it.'
                else 'Begin the transaction with: begin read write. If default_transaction_read_only is on, switch it off for the role or the database.' end;
end
$$;


ALTER FUNCTION postern_internal.refuse_read_only() OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_read_only(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_read_only() IS 'Raises an error in a transaction that cannot write, before anybody is asked for a PIN in vain. Errors: 25006; the HINT says where writing is possible.';


--
-- Name: refuse_ticket(uuid); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_ticket(ticket uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found_ticket postern_internal.ticket := postern_internal.find_ticket(ticket);
  used_ticket uuid;
begin
  if found_ticket.verdict = 'denied' then
    raise exception using
      errcode = 'PS102',
      message = 'The checkpoint was not passed',
      detail = jsonb_build_object(
        'explanation', 'The user name or the response was wrong.',
        'unlocks_at', case when found_ticket.locked_until > clock_timestamp() then found_ticket.locked_until end)::text,
      hint = case when found_ticket.locked_until > clock_timestamp()
                  then format('Wait: there were too many wrong responses, and the credential is locked until %s. An administrator can unlock it earlier with postern.unlock_user.', found_ticket.locked_until)
                  else 'Send the transaction without a ticket to get a new challenge. A PIN that an administrator has set must be changed first, with postern.set_pin.' end;
  elsif found_ticket.verdict = 'locked' then
    raise exception using
      errcode = 'PS104',
      message = 'The credential is locked after too many wrong responses',
      detail = jsonb_build_object('unlocks_at', found_ticket.locked_until)::text,
      hint = format('Wait: it unlocks at %s. The last response was not checked. An administrator can unlock it earlier with postern.unlock_user.', found_ticket.locked_until);
  elsif found_ticket.expires_at <= clock_timestamp() then
    perform postern_internal.raise_ticket_invalid('expired', format('It expired at %s.', found_ticket.expires_at),
      jsonb_build_object('expires_at', found_ticket.expires_at));
  end if;
  select o.ticket into used_ticket from postern_internal.open_gate as o where o.nonce = found_ticket.nonce;
  if not found and exists (select from postern_internal.transaction_ticket) then
    perform postern_internal.raise_ticket_invalid('second_ticket', 'This transaction already uses another ticket.');
  elsif used_ticket <> found_ticket.ticket then
    perform postern_internal.raise_ticket_invalid('answered', 'Another answer to the same challenge has been used.');
  end if;
  perform postern_internal.raise_ticket_invalid('used', 'It has been used.');
end
$$;


ALTER FUNCTION postern_internal.refuse_ticket(ticket uuid) OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_ticket(ticket uuid); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_ticket(ticket uuid) IS 'Raises the reason why a ticket opens nothing: PS102 wrong user name or response, PS104 locked, PS103 any other reason.';


--
-- Name: refuse_unhandled(postern_internal.gate, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  begun jsonb;
  found_action postern_internal.action;
begin
  if not postern_internal.in_unapproved_action() then
    return;
  end if;
  begin
    begun := split_part(current_setting('postern.action'), E'\t', 2)::jsonb;
  exception when data_exception then
    return;  -- forged: begin_action did not write it
  end;
  -- The action references the gate, which was switched on after the action had begun. So the approval is for the
  -- action.
  perform postern.begin_action(begun ->> 'action', begun -> 'parameters');

  found_action := postern_internal.find_action(begun ->> 'action');
  raise exception using
    errcode = 'PS105',
    message = 'Unhandled Security Checkpoint',
    detail = jsonb_build_object(
      'gate', gate.gate_id,
      'action', found_action.action,
      'description', gate.description,
      'message', message,
      'parameters', parameters)::text,
    hint = format('Reference the gate in the action: select postern.register_action(%L, %s, %L);',
                  found_action.action, quote_nullable(found_action.checkpoint), found_action.legacy_checkpoints || gate.gate_id);
end
$$;


ALTER FUNCTION postern_internal.refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb) IS 'Raises PS105 inside an action that does not reference gate and was not approved; returns if no such action has begun. Errors: also those of begin_action, if the action now needs an approval.';


--
-- Name: reject_message(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.reject_message(message text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  rows text collate "C" := message;
  line_text text collate "C";
  line bigint := 0::bigint;
  named boolean := false;
  attributed boolean := false;
  fault text;
  remedy text;
begin
  if rows is null then
    raise exception using
      errcode = 'PS107',
      message = 'The IFS Message is missing',
      detail = 'message is NULL.',
      hint = 'Start a message with message_sys.construct(''NAME'').';
  end if;

  if octet_length(rows) > 67108864 then
    raise exception using
      errcode = 'PS107',
      message = 'The IFS Message is too long',
      detail = format('It has %s bytes; 67108864 (64 MiB) are allowed.', octet_length(rows)),
      hint = 'Put a reference to the data into the message instead of the data itself.';
  end if;

  if right(rows, 1) = E'\n' then
    rows := left(rows, -1);
  end if;

  foreach line_text in array string_to_array(rows, E'\n') loop
    line := line + 1;
    case left(line_text, 1)
      when ' ' then
        null;
      when '!' then
        if named then
          fault := 'it has a second header';
          remedy := 'Keep one ! row. Write a nested message with message_sys.add_attribute, which puts a - before each of its further rows.';
        elsif not postern_internal.is_message_name(substr(line_text, 2)) then
          fault := 'its name is not usable';
          remedy := 'Use 1 to 128 characters without "=" and carriage return, and separate rows by line feeds alone.';
        end if;
        named := true;
      when '$' then
        if not named then
          fault := 'it has an attribute before the header';
          remedy := 'Begin with the row !NAME; only comments may precede it.';
        elsif strpos(line_text, '=') = 0 then
          fault := 'an attribute has no "="';
          remedy := 'Write $NAME=VALUE, with nothing after the "=" for an empty value.';
        elsif not postern_internal.is_message_name(substr(line_text, 2, strpos(line_text, '=') - 2)) then
          fault := 'the name of an attribute is not usable';
          remedy := 'Use 1 to 128 characters without "=" and carriage return, and separate rows by line feeds alone.';
        end if;
        attributed := true;
      when '-' then
        if not attributed then
          fault := 'a - row has no value to continue';
          remedy := 'Put a row $NAME=VALUE before the - row, which continues its value.';
        end if;
      when '+' then
        if not named then
          fault := 'it has a row before the header';
          remedy := 'Begin with the row !NAME; only comments may precede it.';
        end if;
      else
        fault := case when line_text = '' then 'it has an empty row' else 'it has a row of an unknown kind' end;
        remedy := 'Begin each row with ! (header), $ (NAME=VALUE), - (value continued), + (reserved) or a space (comment).';
    end case;
    exit when fault is not null;
  end loop;

  if fault is null and not named then
    line := greatest(line, 1);
    fault := 'it has no header';
    remedy := 'Begin with the row !NAME; only comments may precede it.';
  end if;

  if fault is null then
    select r.line_number, r.line_text
      into line, line_text
      from (select u.line_number, u.line_text,
                   row_number() over (partition by split_part(u.line_text, '=', 1) order by u.line_number) as occurrence
              from unnest(string_to_array(rows, E'\n')) with ordinality as u (line_text, line_number)
             where left(u.line_text, 1) = '$') as r
     where r.occurrence > 1
     order by r.line_number
     limit 1;
    fault := 'it has an attribute twice';
    remedy := 'Keep each attribute once; message_sys.set_attribute replaces a value.';
  end if;

  raise exception using
    errcode = 'PS107',
    message = 'The IFS Message is not valid: ' || fault,
    detail = format('Line %s: %s', line, replace(left(line_text, 80), E'\r', E'\\r')),
    hint = remedy;
end
$_$;


ALTER FUNCTION postern_internal.reject_message(message text) OWNER TO postern_owner;

--
-- Name: FUNCTION reject_message(message text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.reject_message(message text) IS 'Raises PS107 for a message that parse_message refused; DETAIL names the line and shows the first 80 characters of it.';


--
-- Name: require_administrable_class(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_administrable_class(class_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if exists (select from postern_internal.authority_class as c where c.class_id = require_administrable_class.class_id and c.built_in) then
    raise exception using
      errcode = 'PS301',
      message = 'The class MAX cannot be changed',
      detail = 'It allows everything, in every company and internal ledger.',
      hint = 'Create another class with the rules that you want.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_administrable_class(class_id bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION require_administrable_class(class_id bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_administrable_class(class_id bigint) IS 'Errors: PS301 the class is built in.';


--
-- Name: require_administrable_gate(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_administrable_gate(gate_id text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.gate_is_active(gate_id);
  if (select g.built_in from postern_internal.gate as g where g.gate_id = require_administrable_gate.gate_id) then
    raise exception using
      errcode = 'PS107',
      message = 'A built-in gate cannot be changed',
      detail = format('gate_id is %s.', gate_id),
      hint = 'Leave the gate as it is: it protects the credentials themselves and is always on.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_administrable_gate(gate_id text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_administrable_gate(gate_id text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_administrable_gate(gate_id text) IS 'Errors: PS106 no such gate, PS107 the gate is built in.';


--
-- Name: require_approval(postern_internal.gate, text, text, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  expires_at timestamptz := postern_internal.challenge_expiry();
begin
  raise exception using
    errcode = 'PS101',
    message = format('Security checkpoint: %s', gate.description),
    detail = jsonb_build_object(
      'gate', gate.gate_id,
      'action', action,
      'description', gate.description,
      'message', message,
      'parameters', parameters,
      'username', case when postern_internal.setting_boolean('username_prefilled') then userid end,
      'schemes', case when gate.built_in then to_jsonb(array['PIN'])
                      else (select jsonb_agg(s.scheme order by s.scheme <> 'PIN', s.scheme) from postern_internal.scheme as s where s.enabled) end,
      'comment_required', postern_internal.setting_boolean('comment_required'),
      'challenge', postern_internal.create_challenge(userid, gate, action, parameters, message, expires_at),
      'expires_at', expires_at)::text,
    hint = 'Show the message to the user; in a transaction of its own call postern.authenticate(challenge, username, response, comment); then send this transaction again, with postern.open_gates(ticket) as its first statement after the session.';
end
$$;


ALTER FUNCTION postern_internal.require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb) IS 'Raises PS101 with a fresh challenge in its DETAIL. action: the action to approve; NULL for a gate alone.';


--
-- Name: require_class(text, text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_class(company text, ledger_id text, class text) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  class_id bigint;
begin
  select c.class_id
    into class_id
    from postern_internal.authority_class as c
   where c.company = require_class.company
     and c.ledger_id is not distinct from require_class.ledger_id
     and c.class = require_class.class;
  if class_id is null then
    raise exception using
      errcode = 'PS301',
      message = format('There is no such authority class in the %s', case when ledger_id is null then 'company' else 'internal ledger' end),
      detail = concat_ws(', ', format('company is %s', to_jsonb(company)), 'ledger_id is ' || to_jsonb(ledger_id)::text,
                         format('class is %s.', coalesce(to_jsonb(left(class, 128))::text, 'NULL'))),
      hint = format('Choose one of the classes in postern.authority_class; postern.%s adds one.',
                    case when ledger_id is null then 'create_authority_class' else 'create_ledger_class' end);
  end if;
  return class_id;
end
$$;


ALTER FUNCTION postern_internal.require_class(company text, ledger_id text, class text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_class(company text, ledger_id text, class text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_class(company text, ledger_id text, class text) IS 'The id of a class of a company, or of an internal ledger if ledger_id is not NULL. Errors: PS301 no such class.';


--
-- Name: require_code(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_code(value text, argument text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if postern_internal.is_code(value) is not true then
    raise exception using
      errcode = 'PS301',
      message = format('%s is not usable', argument),
      detail = format('%s is %s.', argument, coalesce(to_jsonb(left(value, 128))::text, 'NULL')),
      hint = format('Pass a %s of 1 to 20 characters, without control characters and without a space at either end.', argument);
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_code(value text, argument text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_code(value text, argument text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_code(value text, argument text) IS 'Errors: PS301 unless is_code(value). argument: its name in the error.';


--
-- Name: require_company(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_company(company text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not exists (select from postern_internal.company as c where c.company = require_company.company) then
    raise exception using
      errcode = 'PS201',
      message = 'There is no such company',
      detail = format('company is %s.', coalesce(to_jsonb(left(company, 128))::text, 'NULL')),
      hint = 'Choose one of the companies in postern.company; postern.create_company adds one.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_company(company text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_company(company text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_company(company text) IS 'Errors: PS201 no such company.';


--
-- Name: require_db_role(name); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_db_role(db_role name) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if db_role is not null and not exists (select from pg_roles as r where r.rolname = require_db_role.db_role) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such database role',
      detail = format('db_role is %I.', db_role),
      hint = 'Create the role first, or omit db_role for a user who works through the application.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_db_role(db_role name) OWNER TO postern_owner;

--
-- Name: FUNCTION require_db_role(db_role name); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_db_role(db_role name) IS 'Errors: PS107 db_role is not NULL and not a role of this cluster.';


--
-- Name: require_event(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_event(event text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not exists (select from postern_internal.event as e where e.event = require_event.event) then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such event',
      detail = format('event is %s.', coalesce(to_jsonb(left(event, 128))::text, 'NULL')),
      hint = 'Choose one of: ' || (select string_agg(e.event, ', ' order by e.event) from postern_internal.event as e) || '.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_event(event text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_event(event text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_event(event text) IS 'Errors: PS107 there is no such event.';


--
-- Name: require_event_action(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_event_action(name text) RETURNS integer
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  found_id integer;
begin
  select a.event_action_id into found_id from postern_internal.event_action as a where a.name = require_event_action.name;
  if not found then
    raise exception using
      errcode = 'PS107',
      message = 'There is no such event action',
      detail = format('name is %s.', coalesce(to_jsonb(left(name, 128))::text, 'NULL')),
      hint = 'Choose one of the names in postern.event_action. Upper and lower case differ.';
  end if;
  return found_id;
end
$$;


ALTER FUNCTION postern_internal.require_event_action(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_event_action(name text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_event_action(name text) IS 'The number of the event action. Errors: PS107 there is no such action.';


--
-- Name: require_event_receiver(text, text, text, text, text, boolean); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  reason text;
begin
  perform postern_internal.require_event(event);
  perform postern_internal.require_text(target, 'target', 2000);
  if condition is not null then
    perform postern_internal.require_text(condition, 'condition', 2000);
  end if;
  if template is not null then
    perform postern_internal.require_text(template, 'template', 65536);
  end if;
  if allow_internal is null then
    raise exception using
      errcode = 'PS107',
      message = 'allow_internal is missing',
      detail = 'allow_internal is NULL.',
      hint = 'Pass true or false.';
  end if;

  reason := case
    when target ~ '[[:cntrl:]]' then 'The target has a control character.'
    when kind = 'webhook' and target !~* '^https?://[^/?#@[:space:]]+([/?][^#@[:space:]]*)?$'
      then 'The target of a webhook is a URL with https:// or http://, without user, password and fragment.'
    when kind = 'webhook' and not allow_internal and target !~* '^https://'
      then 'A webhook that leaves your network must use https.'
    when kind = 'mail' and target !~ E'^[^@[:space:]<>(),;:\\\\"]+@[^@[:space:]<>(),;:\\\\"]+$'
      then 'The target of a mail is one address such as audit@example.com.'
    when kind = 'notify' and target !~ '^[a-z_][a-z0-9_]{0,62}$'
      then 'The target of a notification is a channel of 1 to 63 lower-case letters, digits and underscores.'
    when kind = 'function' and postern_internal.event_function(target) is null
      then 'The target is not a function (event jsonb) returns void that is SECURITY DEFINER, has its search_path set, and is granted directly to postern_event_function.'
    when kind not in ('webhook', 'mail', 'function', 'notify') or kind is null
      then format('kind is %s; it is webhook, mail, function or notify.', coalesce(to_jsonb(left(kind, 128))::text, 'NULL'))
    when template is not null and kind not in ('webhook', 'mail') then 'Only webhooks and mails have a template.'
    when allow_internal and kind <> 'webhook' then 'allow_internal is for webhooks.'
  end;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The event action is not usable',
      detail = reason,
      hint = case when kind = 'function' then 'Have the owner of the function allow it: grant execute on function app.on_approval(jsonb) to postern_event_function.'
                  when kind = 'webhook' then 'Pass allow_internal for a receiver inside your network.'
                  else 'See the comment on postern.add_event_action.' end;
  end if;
  if kind = 'function' then
    return (
      select format('%I.%I', n.nspname, p.proname)
        from pg_proc as p
        join pg_namespace as n on n.oid = p.pronamespace
       where p.oid = postern_internal.event_function(target));
  end if;
  return target;
end
$_$;


ALTER FUNCTION postern_internal.require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean) OWNER TO postern_owner;

--
-- Name: FUNCTION require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean) IS 'The target as it is stored: a function by its full name, any other target unchanged. Errors: PS107 this action could not notify anybody.';


--
-- Name: require_fresh_log_ids(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_fresh_log_ids() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  highest constant bigint := (select max(e.log_id) from postern_internal.checkpoint_entry as e);
  given constant bigint := postern_internal.last_given_log_id();
begin
  if highest > given then
    raise exception using
      errcode = '55000',
      message = 'New entries of the log would get the ids of old ones',
      detail = format('There is an entry %s, and the last id given out here is %s: logical replication brings entries, and no sequences.', highest, given),
      hint = format('If this database took the place of the one that was replicated: end the subscription, then have a superuser run: select setval(''postern_internal.log_number'', %s);', highest);
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_fresh_log_ids() OWNER TO postern_owner;

--
-- Name: FUNCTION require_fresh_log_ids(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_fresh_log_ids() IS 'Raises an error if the log has ids that its sequences have yet to give out. Errors: 55000.';


--
-- Name: require_gate_callers(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_gate_callers(callers jsonb) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  reason text;
begin
  if callers is null then
    reason := 'callers is NULL.';
  elsif jsonb_typeof(callers) <> 'array' then
    reason := format('callers is of the type %s.', jsonb_typeof(callers));
  else
    select format('Entry %s is %s.', c.position, left(c.caller::text, 200))
      into reason
      from jsonb_array_elements(callers) with ordinality as c (caller, position)
     where (jsonb_typeof(c.caller -> 'name'), jsonb_typeof(c.caller -> 'unknowable'), jsonb_typeof(c.caller -> 'unreadable'),
            jsonb_typeof(c.caller -> 'gates'), jsonb_typeof(c.caller -> 'actions'), jsonb_typeof(c.caller -> 'reached'),
            jsonb_typeof(c.caller -> 'late'), jsonb_typeof(c.caller -> 'swallowed'))
           is distinct from ('string', 'boolean', 'string', 'array', 'array', 'array', 'array', 'array')
        or jsonb_path_exists(c.caller, 'strict $.gates[*] ? (!(@.id.type() == "string" && @.line.type() == "number")
                                                             || (@.id.type() == "string" && @.line.type() == "number") is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.late[*] ? (!(@.id.type() == "string" && @.line.type() == "number" && @.write.type() == "number")
                                                            || (@.id.type() == "string" && @.line.type() == "number" && @.write.type() == "number") is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.swallowed[*] ? (!(@.line.type() == "number" && @.block.type() == "number" && @.gates.type() == "array" && @.more.type() == "number")
                                                                 || (@.line.type() == "number" && @.block.type() == "number" && @.gates.type() == "array" && @.more.type() == "number") is unknown)', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.swallowed[*].gates[*] ? (@.type() != "string")', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.actions[*] ? (@.type() != "string")', silent => true)
        or jsonb_path_exists(c.caller, 'strict $.reached[*] ? (@.type() != "string")', silent => true)
     order by c.position
     limit 1;
  end if;
  if reason is not null then
    raise exception using
      errcode = 'PS107',
      message = 'The callers of gates are malformed',
      detail = reason,
      hint = 'Pass the reading of postern doctor. An entry is {"name": ..., "gates": [{"id": ..., "line": ...}], "actions": [...], "reached": [...], "unknowable": ..., "unreadable": ..., "late": [{"id": ..., "line": ..., "write": ...}], "swallowed": [{"line": ..., "block": ..., "gates": [...], "more": ...}]}.';
  end if;
end
$_$;


ALTER FUNCTION postern_internal.require_gate_callers(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION require_gate_callers(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_gate_callers(callers jsonb) IS 'Raises PS107 unless callers has the form that postern.gate_findings reads.';


--
-- Name: require_ledger(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_ledger(company text, ledger_id text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform postern_internal.require_company(company);
  if not exists (select from postern_internal.ledger as l
                  where l.company = require_ledger.company and l.ledger_id = require_ledger.ledger_id) then
    raise exception using
      errcode = 'PS301',
      message = 'There is no such internal ledger in the company',
      detail = format('company is %s, ledger_id is %s.', to_jsonb(company), coalesce(to_jsonb(left(ledger_id, 128))::text, 'NULL')),
      hint = 'Choose one of the ledgers in postern.ledger; postern.create_ledger adds one.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_ledger(company text, ledger_id text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_ledger(company text, ledger_id text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_ledger(company text, ledger_id text) IS 'Errors: PS201 no such company, PS301 no such ledger in it.';


--
-- Name: require_patterns(text[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_patterns(patterns text[]) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  pattern text;
begin
  for i in 1 .. 10 loop
    pattern := patterns[i];
    if pattern is null or pattern = '' or length(pattern) > 60 or length(regexp_replace(pattern, E'\\[([%_[])\\]', E'\\1', 'g')) > 20
       or pattern <> ' ' and pattern <> btrim(pattern) or pattern ~ '[[:cntrl:]]' then
      raise exception using
        errcode = 'PS301',
        message = format('The pattern of code part %s is not usable', substr('ABCDEFGHIJ', i, 1)),
        detail = format('code_%s is %s.', substr('abcdefghij', i, 1), coalesce(to_jsonb(left(pattern, 128))::text, 'NULL')),
        hint = 'Pass a value; a single space for blank; or a pattern of at most 20 characters with % for any characters or none, and _ for one; [%], [_] and [[] are the characters %, _ and [.';
    end if;
  end loop;
end
$$;


ALTER FUNCTION postern_internal.require_patterns(patterns text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION require_patterns(patterns text[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_patterns(patterns text[]) IS 'Errors: PS301 one of the ten patterns is NULL, empty, longer than a code part, or could match no code.';


--
-- Name: require_rate(text, integer, timestamp with time zone); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_rate(setting text, used integer, since timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  allowed integer := postern_internal.setting_integer(setting);
  again_at timestamptz := since + interval '1 hour';
begin
  if used >= allowed and again_at > clock_timestamp() then
    raise exception using
      errcode = 'PS110',
      message = case setting when 'cancels_per_hour' then 'Too many cancelled checkpoints' else 'Too many denied attempts' end,
      detail = jsonb_build_object('setting', setting, 'allowed', allowed, 'again_at', again_at)::text,
      hint = format('Try again at %s. An administrator can end the wait with postern.unlock_user.', again_at);
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_rate(setting text, used integer, since timestamp with time zone) OWNER TO postern_owner;

--
-- Name: FUNCTION require_rate(setting text, used integer, since timestamp with time zone); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_rate(setting text, used integer, since timestamp with time zone) IS 'Raises an error if there were more than setting allows per hour. used: the number so far, counted from the time since. Errors: PS110, with a JSON object as its DETAIL: setting, allowed, again_at.';


--
-- Name: require_sealing_place(bigint, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_sealing_place(confirmed_timeline bigint, confirmed_database text) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  here constant postern_internal.place := postern_internal.current_place();
  recorded constant postern_internal.place := (select s.place from postern_internal.sealing as s);
  this_database constant text := postern_internal.place_text(here);
  moved constant boolean := coalesce(postern_internal.is_moved(recorded), false);
begin
  if moved and confirmed_database is distinct from this_database then
    raise exception using
      errcode = '55000',
      constraint = 'place',
      message = 'The log of this database is sealed as another database''s',
      detail = format('It was sealed in %s, and this is %s (cluster, database, table of the log): a copy, a restored database, or an upgraded cluster.',
                      postern_internal.place_text(recorded), this_database),
      hint = format('If this database took the place of the other one: run "postern log seal --confirm-database %s" once. If the other one goes on: seal this copy with its own key and directory, which "postern log restart" begins, or not at all. See docs/log.md, After a failover, a restore or a copy.', this_database);
  end if;
  perform postern_internal.require_timeline(case when not moved then recorded.timeline end, here.timeline, confirmed_timeline,
                                            'postern log seal', 'docs/log.md, After a failover, a restore or a copy');
  return moved or recorded.timeline is distinct from here.timeline;
end
$$;


ALTER FUNCTION postern_internal.require_sealing_place(confirmed_timeline bigint, confirmed_database text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_sealing_place(confirmed_timeline bigint, confirmed_database text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_sealing_place(confirmed_timeline bigint, confirmed_database text) IS 'Raises an error if the log was last sealed in another place, unless the arguments confirm this one: by the number of its timeline, and by its cluster, database and table of the log as the error shows them. Returns whether the place has to be recorded. Errors: 55000, with the constraint place.';


--
-- Name: require_text(text, text, integer); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_text(value text, argument text, maximum integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if value is null or btrim(value) = '' then
    raise exception using
      errcode = 'PS107',
      message = format('%s is missing', argument),
      detail = format('%s is %s.', argument, case when value is null then 'NULL' else 'blank' end),
      hint = format('Pass a %s of 1 to %s characters.', argument, maximum);
  end if;
  if length(value) > maximum then
    raise exception using
      errcode = 'PS107',
      message = format('%s is too long', argument),
      detail = format('%s has %s characters; %s are allowed.', argument, length(value), maximum),
      hint = format('Pass a %s of 1 to %s characters.', argument, maximum);
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_text(value text, argument text, maximum integer) OWNER TO postern_owner;

--
-- Name: FUNCTION require_text(value text, argument text, maximum integer); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_text(value text, argument text, maximum integer) IS 'Raises PS107 unless value is a text of 1 to maximum characters that is not blank. argument: its name in the error.';


--
-- Name: require_timeline(bigint, bigint, bigint, text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if confirmed > here then
    raise exception using
      errcode = '55000',
      constraint = 'place',
      message = 'This server is on another timeline than the configuration says',
      detail = format('It says %s, and this is timeline %s: a former primary, or a copy.', confirmed, here),
      hint = format('Connect to the server that was promoted, or correct --confirm-timeline and POSTERN_CONFIRM_TIMELINE; see %s.', page);
  end if;
  if recorded <> here and confirmed is distinct from here then
    raise exception using
      errcode = '55000',
      constraint = 'place',
      message = 'This server is on a timeline that nobody has confirmed',
      detail = format('"%s" was at work on timeline %s, and this is timeline %s: a standby was promoted, or a copy was recovered up to a point in time. From inside, both look alike.', command, recorded, here),
      hint = format('If this is production now: run "%s --confirm-timeline %s", or set POSTERN_CONFIRM_TIMELINE=%s. If it is a copy, do not run it here; see %s.', command, here, here, page);
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text) IS 'Raises an error unless work may continue on this timeline. recorded: the timeline on which the work was done so far; NULL: none. here: the server''s timeline. confirmed: the timeline that the configuration outside the database names; NULL: none. command, page: for the HINT. Errors: 55000, with the constraint place: confirmed is later than here, or recorded is another one and confirmed is not here.';


--
-- Name: require_user(text, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.require_user(userid text, code text DEFAULT 'PS107'::text) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if not exists (select from postern_internal.end_user as e where e.userid = require_user.userid) then
    raise exception using
      errcode = code,
      message = 'There is no such user',
      detail = format('userid is %s.', coalesce(to_jsonb(left(userid, 128))::text, 'NULL')),
      hint = 'Choose one of the users in postern.user_account.';
  end if;
end
$$;


ALTER FUNCTION postern_internal.require_user(userid text, code text) OWNER TO postern_owner;

--
-- Name: FUNCTION require_user(userid text, code text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.require_user(userid text, code text) IS 'Errors: the SQLSTATE code, if there is no such user.';


--
-- Name: restored_log_id(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.restored_log_id() RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
  select coalesce(max(e.log_id + 0), 0)
    from postern_internal.checkpoint_entry as e
   where e.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())
     and (e.transaction_id is distinct from pg_current_xact_id_if_assigned() or age(e.xmin) > 0)
$$;


ALTER FUNCTION postern_internal.restored_log_id() OWNER TO postern_owner;

--
-- Name: FUNCTION restored_log_id(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.restored_log_id() IS 'The highest log_id of a transaction that this cluster has not begun yet; 0 if there is none.';


--
-- Name: rule_matches(text[], text[]); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.rule_matches(codes text[], patterns text[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select bool_and(postern_internal.code_matches(p.code, p.pattern)) from unnest(codes, patterns) as p (code, pattern)
$$;


ALTER FUNCTION postern_internal.rule_matches(codes text[], patterns text[]) OWNER TO postern_owner;

--
-- Name: FUNCTION rule_matches(codes text[], patterns text[]); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.rule_matches(codes text[], patterns text[]) IS 'Whether the ten patterns of a rule match the ten parts of a code string.';


--
-- Name: run_event_function(text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_event_function
--

CREATE FUNCTION postern_internal.run_event_function(name text, event jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if name is not null then
    execute format('select %s($1)', name) using event;
  end if;
  set constraints all immediate;
  execute 'close all';  -- PL/pgSQL has its own CLOSE
end
$_$;


ALTER FUNCTION postern_internal.run_event_function(name text, event jsonb) OWNER TO postern_event_function;

--
-- Name: FUNCTION run_event_function(name text, event jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_event_function
--

COMMENT ON FUNCTION postern_internal.run_event_function(name text, event jsonb) IS 'Calls a function without any rights but EXECUTE on it, and then what it deferred. name: its full name, quoted; NULL: only what is still deferred. Leaves a search_path behind that the caller must set again. For postern.call_event_function, which ensures that nothing stays deferred and that nobody has changed this function.';


--
-- Name: session_setting(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.session_setting(userid text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
declare
  setting text;
begin
  select postern_internal.session_value(s.secret, e.userid)
    into setting
    from postern_internal.end_user as e
   cross join postern_internal.session_secret as s
   where e.userid = session_setting.userid
     and e.active;
  return setting;
end
$$;


ALTER FUNCTION postern_internal.session_setting(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION session_setting(userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.session_setting(userid text) IS 'The value of postern.session that proves userid in the current transaction of the current session role. NULL if userid is not an active end user.';


--
-- Name: setting_boolean(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.setting_boolean(name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select s.value = 'true' from postern_internal.setting as s where s.name = setting_boolean.name
$$;


ALTER FUNCTION postern_internal.setting_boolean(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION setting_boolean(name text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.setting_boolean(name text) IS 'The value of a boolean setting.';


--
-- Name: setting_integer(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.setting_integer(name text) RETURNS integer
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select s.value::integer from postern_internal.setting as s where s.name = setting_integer.name
$$;


ALTER FUNCTION postern_internal.setting_integer(name text) OWNER TO postern_owner;

--
-- Name: FUNCTION setting_integer(name text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.setting_integer(name text) IS 'The value of an integer setting.';


--
-- Name: settle_event_actions(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.settle_event_actions(event text) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  with here as materialized (
    select postern_internal.current_place() as place
  ),
  moved as (
    update postern_internal.event_action as a
       set queued_to = postern_internal.event_snapshot(), queued_at = clock_timestamp(), after_log_id = postern_internal.restored_log_id(),
           place = h.place
      from here as h
     where a.event = settle_event_actions.event
       and a.place <> h.place
    returning a.event_action_id
  ),
  again as (
    update postern_internal.event_action as a
       set queued_to = postern_internal.event_snapshot(), queued_at = clock_timestamp(), after_log_id = postern_internal.restored_log_id()
      from here as h
     where a.event = settle_event_actions.event
       and a.place = h.place
       and not (select e.enabled from postern_internal.event as e where e.event = settle_event_actions.event)
  )
  update postern_internal.event_delivery as d
     set state = 'dead', finished_at = clock_timestamp(), leased_until = '-infinity', lease = null,
         last_error = 'This waited when the database was copied, so the original delivers it.'
    from moved as m
   where d.event_action_id = m.event_action_id
     and d.state = 'pending'
$$;


ALTER FUNCTION postern_internal.settle_event_actions(event text) OWNER TO postern_owner;

--
-- Name: FUNCTION settle_event_actions(event text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.settle_event_actions(event text) IS 'Makes the actions of an event deliver from this database from now on: those that another database delivered, and all of them if the event was disabled. What a copy has inherited in the queue becomes dead letters.';


--
-- Name: sign_challenge(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.sign_challenge(content text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select postern_internal.encode_base64url(
           sha256(k.outer_pad || sha256(k.inner_pad || convert_to(current_database() || '.' || content, 'UTF8'))))
    from postern_internal.server_key as k
   where k.purpose = 'challenge'
$$;


ALTER FUNCTION postern_internal.sign_challenge(content text) OWNER TO postern_owner;

--
-- Name: FUNCTION sign_challenge(content text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.sign_challenge(content text) IS 'The signature of a challenge of this database.';


--
-- Name: stale_block(bigint, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea) RETURNS SETOF record
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select k.first_id, k.size, n.ids, m.compiled_offset, m.bits
    from postern_internal.combination_block as k
    left join postern_internal.authority_map as m on m.class_id = stale_block.class_id and m.first_id = k.first_id
   cross join lateral postern_internal.block_ids(k.company, k.first_id, k.size, k.given, k.counted) as n (ids)
   where k.company = stale_block.company
     and n.ids > coalesce(m.compiled_offset, 0)
$$;


ALTER FUNCTION postern_internal.stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea) OWNER TO postern_owner;

--
-- Name: FUNCTION stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea) IS 'The blocks of a company with ids that are not yet compiled into a class''s map, and what is compiled of them.';


--
-- Name: substitute(text, text[], jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.substitute(message_template text, names text[], parameters jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
declare
  name text;
  arguments text[] := array[]::text[];
  substituted text;
begin
  foreach name in array names loop
    arguments := arguments || (parameters ->> name);
  end loop;
  substituted := format(message_template, variadic arguments);
  -- A message may name a long parameter a hundred times.
  if length(substituted) > 32768 then
    raise exception using
      errcode = 'PS107',
      message = 'The message with its parameters is too long',
      detail = format('It has %s characters; 32768 are allowed.', length(substituted)),
      hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
  end if;
  return substituted;
end
$$;


ALTER FUNCTION postern_internal.substitute(message_template text, names text[], parameters jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION substitute(message_template text, names text[], parameters jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.substitute(message_template text, names text[], parameters jsonb) IS 'The message with each parameter in its place; a NULL value is left out. message_template: from message_template, with the same names. Errors: PS107 the result has over 32768 characters.';


--
-- Name: tickets_kept_since(); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.tickets_kept_since() RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select clock_timestamp() - interval '3 hours'
$$;


ALTER FUNCTION postern_internal.tickets_kept_since() OWNER TO postern_owner;

--
-- Name: FUNCTION tickets_kept_since(); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.tickets_kept_since() IS 'Tickets that expired before this moment are deleted, and the gates that they opened.';


--
-- Name: tree_root(bigint); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.tree_root(tree_size bigint) RETURNS bytea
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  root bytea;
  subtree bytea;
begin
  for level in 0..62 loop
    continue when (tree_size >> level) & 1 = 0;
    select substring(l.hashes from 32 * level + 1 for 32)
      into subtree
      from postern_internal.leaf as l
     where l.leaf_number = ((tree_size >> level) << level) - 1
       and octet_length(l.hashes) >= 32 * (level + 1);
    if not found then
      return null;
    end if;
    root := case when root is null then subtree else sha256(E'\\x01'::bytea || subtree || root) end;
  end loop;
  return root;
end
$$;


ALTER FUNCTION postern_internal.tree_root(tree_size bigint) OWNER TO postern_owner;

--
-- Name: FUNCTION tree_root(tree_size bigint); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.tree_root(tree_size bigint) IS 'The root of the tree of the log''s first tree_size leaves, 32 octets, from the stored hashes. NULL if there are fewer leaves, or a hash is missing.';


--
-- Name: use_ticket(uuid, text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.use_ticket(ticket uuid, userid text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
  another boolean; -- not initialised: that would be one more expression
  used boolean;
begin
  -- One ticket opens all gates but the exclusive ones, so nobody needs two of that kind. Clearing the setting makes it
  -- possible to use two, but gains nothing: each of them opens gates only after the gate it was approved for was
  -- passed. This if is not merged with the other condition, because that would make it a query.
  if current_setting('postern.ticket', true) <> '' or current_setting('transaction_read_only') = 'on' then
    perform postern_internal.refuse_read_only();
    another := exists (select from postern_internal.transaction_ticket);
  end if;
  -- The primary key lets a challenge be used only once. A second transaction with the same ticket, or with another
  -- ticket of the same challenge, waits here until the first one has ended. It continues only if the first one rolled
  -- back.
  insert into postern_internal.open_gate as o
    (nonce, ticket, userid, authenticated_by, scheme, comment, gate_id, exclusive, action, digest, parameters, message, expires_at, salt, session)
  select t.nonce, t.ticket, t.userid, t.authenticated_by, t.scheme, t.comment, t.gate_id, t.exclusive, t.action, t.digest, t.parameters, t.message, t.expires_at, t.salt,
         case when use_ticket.userid is null then current_setting('postern.session', true) else postern_internal.session_value(s.secret, t.userid) end
    from postern_internal.ticket as t
   cross join (select secret from postern_internal.session_secret limit 1) as s
   where t.ticket = use_ticket.ticket
     and case when use_ticket.userid is null then current_setting('postern.session', true) = postern_internal.session_value(s.secret, t.userid)
              else t.userid = use_ticket.userid end
     and t.session_role = session_user
     and t.verdict = 'accepted'
     and t.expires_at > clock_timestamp()
     and t.transaction_id is distinct from pg_current_xact_id_if_assigned()
     and (another is not true or t.exclusive)
  on conflict do nothing
  returning set_config('postern.session', o.session, true) <> ''
            and case when o.exclusive
                     then set_config('postern.exclusive_tickets', o.nonce || coalesce(',' || current_setting('postern.exclusive_tickets', true), ''), true)
                     else set_config('postern.ticket', o.nonce, true) end <> ''
       into used;
  return coalesce(used, false);
end
$$;


ALTER FUNCTION postern_internal.use_ticket(ticket uuid, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION use_ticket(ticket uuid, userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.use_ticket(ticket uuid, userid text) IS 'Opens the gates for this transaction if ticket can be used in it, and asserts its user. userid: the user whom the caller has verified; NULL: the one proven by postern.session. Returns whether the ticket could be used; if not, refuse_ticket says why.';


--
-- Name: company_user; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.company_user (
    userid text NOT NULL,
    company text NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    class_id bigint
);


ALTER TABLE postern_internal.company_user OWNER TO postern_owner;

--
-- Name: TABLE company_user; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.company_user IS 'Users of companies; at most one company is a user''s default.';


--
-- Name: COLUMN company_user.class_id; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON COLUMN postern_internal.company_user.class_id IS 'The user''s one authority class in the company.';


--
-- Name: user_bounds(text); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.user_bounds(userid text) RETURNS TABLE(bound bigint, company text, shift bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT r.bound,
     r.company,
     r.shift
    FROM (( SELECT b_1.first_id,
             (b_1.first_id + b_1.size) AS end_id,
             b_1.company,
             ((sum(b_1.size) OVER (PARTITION BY b_1.company ORDER BY b_1.first_id) - b_1.size) - b_1.first_id) AS shift,
             lead(b_1.first_id) OVER (ORDER BY b_1.first_id) AS next_id
            FROM (postern_internal.company_user u
              JOIN postern_internal.combination_block b_1 ON ((b_1.company = u.company)))
           WHERE (u.userid = user_bounds.userid)) b
      CROSS JOIN LATERAL ( VALUES (b.first_id,b.company,b.shift), (b.end_id,''::text,0)) r(bound, company, shift))
   WHERE (r.bound IS DISTINCT FROM b.next_id);
END;


ALTER FUNCTION postern_internal.user_bounds(userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION user_bounds(userid text); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.user_bounds(userid text) IS 'Cuts the range of ids where blocks of a user''s companies begin and end. From bound up to the next one, ids belong to company; '''' means none of the user''s. id + shift is the place of an id among all ids of its company, with its blocks laid end to end.';


--
-- Name: verify_response(regprocedure, text, text, jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.verify_response(verify_function regprocedure, userid text, response text, challenge jsonb) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET exit_on_error TO 'off'
    SET client_min_messages TO 'error'
    AS $_$
declare
  is_right boolean;
begin
  begin
    perform set_config('transaction_read_only', 'on', true);
    execute format('select %s($1, $2, $3)', verify_function::regproc) into is_right using userid, response, challenge;
    raise exception 'rolled back, whatever the verdict';
  exception when others or query_canceled or assert_failure then
    null;
  end;
  return coalesce(is_right, false);
end
$_$;


ALTER FUNCTION postern_internal.verify_response(verify_function regprocedure, userid text, response text, challenge jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION verify_response(verify_function regprocedure, userid text, response text, challenge jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.verify_response(verify_function regprocedure, userid text, response text, challenge jsonb) IS 'The verdict of a verify function on a response: false if the function returns NULL, raises an error, tries to write, or is cancelled. Leaves nothing behind that a rollback can undo.';


--
-- Name: register(text, text); Type: FUNCTION; Schema: sec_checkpoint_gate_api; Owner: postern_owner
--

CREATE FUNCTION sec_checkpoint_gate_api.register(gate_id text, info_msg text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  attributes jsonb := postern.message_to_jsonb(info_msg);
  unknown text;
begin
  select string_agg(left(name, 128), ', ') into unknown
    from jsonb_object_keys(attributes) as name
   where name not in ('DESCRIPTION', 'MESSAGE', 'ACTIVE', 'PARAMETERS');
  if unknown is not null or coalesce(attributes ->> 'ACTIVE', 'FALSE') not in ('TRUE', 'FALSE')
     or jsonb_typeof(attributes -> 'PARAMETERS') <> 'object' and attributes ->> 'PARAMETERS' <> '' then
    raise exception using
      errcode = 'PS107',
      message = 'The registration message is not usable',
      detail = case when unknown is not null then format('Unknown attributes: %s.', left(unknown, 1000))
                    when coalesce(attributes ->> 'ACTIVE', 'FALSE') not in ('TRUE', 'FALSE')
                    then format('ACTIVE is %s.', left((attributes -> 'ACTIVE')::text, 128))
                    else 'PARAMETERS is not a message with the header PARAMETERS.' end,
      hint = 'Use the attributes DESCRIPTION, MESSAGE, ACTIVE (TRUE or FALSE) and PARAMETERS, a nested message with the header PARAMETERS and one attribute per parameter.';
  end if;
  perform postern.register_gate(
    gate_id,
    attributes ->> 'DESCRIPTION',
    attributes ->> 'MESSAGE',
    array(select a.name
            from message_sys.get_attributes(coalesce(nullif(message_sys.find_attribute(info_msg, 'PARAMETERS', ''), ''), '!PARAMETERS')) as a
           order by a.position),
    coalesce(attributes ->> 'ACTIVE', 'FALSE') = 'TRUE');
end
$$;


ALTER FUNCTION sec_checkpoint_gate_api.register(gate_id text, info_msg text) OWNER TO postern_owner;

--
-- Name: FUNCTION register(gate_id text, info_msg text); Type: COMMENT; Schema: sec_checkpoint_gate_api; Owner: postern_owner
--

COMMENT ON FUNCTION sec_checkpoint_gate_api.register(gate_id text, info_msg text) IS 'Sec_Checkpoint_Gate_API.Register: postern.register_gate with the definition as an IFS Message: DESCRIPTION, MESSAGE, ACTIVE (TRUE or FALSE; FALSE if missing), PARAMETERS (a nested message with the header PARAMETERS, one attribute per parameter). Whether the gate is exclusive stays unchanged, because such a message cannot say it. Errors: PS107.';


--
-- Name: security_checkpoint(text, text); Type: FUNCTION; Schema: security_sys; Owner: postern_owner
--

CREATE FUNCTION security_sys.security_checkpoint(gate_id text, msg text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if postern_internal.gate_is_active(gate_id) then
    if octet_length(msg) > 262144 then
      raise exception using
        errcode = 'PS107',
        message = 'The message is too long',
        detail = format('It has %s bytes; 262144 are allowed.', octet_length(msg)),
        hint = 'Pass what identifies the business object instead of the object itself: this text goes into the log.';
    end if;
    perform postern.checkpoint(
      gate_id,
      case when msg is null then '{}'
           else (select coalesce(jsonb_object_agg(a.name, a.value), '{}') from message_sys.get_attributes(msg) as a) end);
  end if;
end
$$;


ALTER FUNCTION security_sys.security_checkpoint(gate_id text, msg text) OWNER TO postern_owner;

--
-- Name: FUNCTION security_checkpoint(gate_id text, msg text); Type: COMMENT; Schema: security_sys; Owner: postern_owner
--

COMMENT ON FUNCTION security_sys.security_checkpoint(gate_id text, msg text) IS 'Security_SYS.Security_Checkpoint: postern.checkpoint with the parameters as an IFS Message, which is read only if the gate is active. NULL: no parameters. Errors: those of postern.checkpoint.';


--
-- Name: exist(text, text); Type: FUNCTION; Schema: user_finance_api; Owner: postern_owner
--

CREATE FUNCTION user_finance_api.exist(company text, userid text) RETURNS void
    LANGUAGE sql STABLE
    RETURN postern.require_company_user(company, userid);


ALTER FUNCTION user_finance_api.exist(company text, userid text) OWNER TO postern_owner;

--
-- Name: FUNCTION exist(company text, userid text); Type: COMMENT; Schema: user_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION user_finance_api.exist(company text, userid text) IS 'User_Finance_API.Exist: raises an error unless userid is a user of company. It also raises it if the current user asks about somebody else in a company of which they are not a user themselves. Errors: PS201, PS401, PS402.';


--
-- Name: exist_current_user(text); Type: FUNCTION; Schema: user_finance_api; Owner: postern_owner
--

CREATE FUNCTION user_finance_api.exist_current_user(company text) RETURNS void
    LANGUAGE sql STABLE
    RETURN postern.require_company_user(company, postern.current_userid());


ALTER FUNCTION user_finance_api.exist_current_user(company text) OWNER TO postern_owner;

--
-- Name: FUNCTION exist_current_user(company text); Type: COMMENT; Schema: user_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION user_finance_api.exist_current_user(company text) IS 'User_Finance_API.Exist_Current_User: raises an error unless the current user is a user of company. Errors: PS201, PS401, PS402.';


--
-- Name: is_allowed(text); Type: FUNCTION; Schema: user_finance_api; Owner: postern_owner
--

CREATE FUNCTION user_finance_api.is_allowed(company text) RETURNS text
    LANGUAGE sql STABLE
    RETURN CASE WHEN postern.is_current_company_user(company) THEN 'TRUE'::text ELSE 'FALSE'::text END;


ALTER FUNCTION user_finance_api.is_allowed(company text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_allowed(company text); Type: COMMENT; Schema: user_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION user_finance_api.is_allowed(company text) IS 'User_Finance_API.Is_Allowed: Is_Authorized as TRUE or FALSE. Errors: PS401, PS402.';


--
-- Name: is_authorized(text); Type: FUNCTION; Schema: user_finance_api; Owner: postern_owner
--

CREATE FUNCTION user_finance_api.is_authorized(company text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN postern.is_current_company_user(company);


ALTER FUNCTION user_finance_api.is_authorized(company text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_authorized(company text); Type: COMMENT; Schema: user_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION user_finance_api.is_authorized(company text) IS 'User_Finance_API.Is_Authorized: whether the current user is a user of company. Errors: PS401, PS402.';


--
-- Name: is_user_authorized(text); Type: FUNCTION; Schema: user_finance_api; Owner: postern_owner
--

CREATE FUNCTION user_finance_api.is_user_authorized(company text) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN postern.is_current_company_user(company);


ALTER FUNCTION user_finance_api.is_user_authorized(company text) OWNER TO postern_owner;

--
-- Name: FUNCTION is_user_authorized(company text); Type: COMMENT; Schema: user_finance_api; Owner: postern_owner
--

COMMENT ON FUNCTION user_finance_api.is_user_authorized(company text) IS 'User_Finance_API.Is_User_Authorized: as Is_Authorized. Errors: PS401, PS402.';


--
-- Name: action; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.action AS
 SELECT a.action,
    a.checkpoint,
    a.legacy_checkpoints,
    a.registered_at
   FROM postern_internal.action a;


ALTER TABLE postern.action OWNER TO postern_owner;

--
-- Name: VIEW action; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.action IS 'Registered actions: the gate that stops each of them (NULL: none), and the gates that its business code is known to reach.';


--
-- Name: allowed_login; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.allowed_login AS
 SELECT a.db_role,
        CASE
            WHEN (r.oid IS NULL) THEN 'no such role'::text
            WHEN ((a.system_identifier = c.system_identifier) AND (r.oid <> a.role_oid)) THEN 'another role has the name'::text
            ELSE 'allowed'::text
        END AS state,
    a.allowed_at,
    a.allowed_by
   FROM ((postern_internal.allowed_login a
     CROSS JOIN ( SELECT s.system_identifier
           FROM pg_control_system() s(pg_control_version, catalog_version_no, system_identifier, pg_control_last_modified)) c)
     LEFT JOIN pg_roles r ON ((r.rolname = a.db_role)));


ALTER TABLE postern.allowed_login OWNER TO postern_owner;

--
-- Name: VIEW allowed_login; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.allowed_login IS 'Logins that may use memberships of postern_trusted_app, postern_admin, postern_sealer and postern_event_worker in this database, as added by allow_login. state: allowed; or no such role, another role has the name: then the entry has no effect. Superusers need no entry.';


--
-- Name: authority_class; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.authority_class (
    class_id bigint NOT NULL,
    company text NOT NULL,
    ledger_id text,
    class text NOT NULL,
    built_in boolean DEFAULT false NOT NULL,
    revision bigint DEFAULT 0 NOT NULL,
    CONSTRAINT authority_class_class_check CHECK (((class <> ''::text) AND (length(class) <= 20)))
);


ALTER TABLE postern_internal.authority_class OWNER TO postern_owner;

--
-- Name: TABLE authority_class; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.authority_class IS 'Authority classes of a company (ledger_id NULL) or of one of its internal ledgers. To change a class''s rules or maps, increase revision first. That is an update instead of a lock, so that a transaction whose snapshot is older than the last change fails instead of compiling old rules.';


--
-- Name: authority_class; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.authority_class AS
 SELECT c.company,
    c.ledger_id,
    c.class,
    c.built_in
   FROM postern_internal.authority_class c;


ALTER TABLE postern.authority_class OWNER TO postern_owner;

--
-- Name: VIEW authority_class; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.authority_class IS 'Authority classes of companies, or of internal ledgers if ledger_id is not NULL.';


--
-- Name: authority_combination; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.authority_combination (
    combination_id bigint NOT NULL,
    class_id bigint NOT NULL,
    allowed boolean NOT NULL,
    patterns text[] NOT NULL,
    CONSTRAINT authority_combination_patterns_check CHECK (((array_ndims(patterns) = 1) AND (array_lower(patterns, 1) = 1) AND (cardinality(patterns) = 10) AND (array_position(patterns, NULL::text) IS NULL)))
);


ALTER TABLE postern_internal.authority_combination OWNER TO postern_owner;

--
-- Name: TABLE authority_combination; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.authority_combination IS 'The rules of a class: one pattern for each of the code parts A to J.';


--
-- Name: authority_combination; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.authority_combination AS
 SELECT r.combination_id,
    c.company,
    c.ledger_id,
    c.class,
    r.allowed,
    r.patterns[1] AS code_a,
    r.patterns[2] AS code_b,
    r.patterns[3] AS code_c,
    r.patterns[4] AS code_d,
    r.patterns[5] AS code_e,
    r.patterns[6] AS code_f,
    r.patterns[7] AS code_g,
    r.patterns[8] AS code_h,
    r.patterns[9] AS code_i,
    r.patterns[10] AS code_j
   FROM (postern_internal.authority_combination r
     JOIN postern_internal.authority_class c ON ((c.class_id = r.class_id)));


ALTER TABLE postern.authority_combination OWNER TO postern_owner;

--
-- Name: VIEW authority_combination; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.authority_combination IS 'The rules of authority classes: one pattern for each code part. Not allowed always wins; what no rule allows is not allowed.';


--
-- Name: checkpoint_log; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.checkpoint_log WITH (security_barrier='true') AS
 SELECT e.log_id,
        CASE
            WHEN (e.outcome = ANY (ARRAY['locked'::postern_internal.outcome, 'refused'::postern_internal.outcome])) THEN 'denied'::text
            ELSE (e.outcome)::text
        END AS outcome,
    e.gate_id,
    e.action,
    e.userid,
    e.authenticated_by,
    e.logged_at,
    e.message,
    e.parameters,
    e.comment,
    e.scheme,
    e.session_role,
    e.client_addr,
    e.application_name,
    e.transaction_id,
        CASE e.outcome
            WHEN 'passed'::postern_internal.outcome THEN e.ticket
            ELSE NULL::uuid
        END AS approval,
    e.asked,
    e.approved_gate_id,
    e.approved_message
   FROM postern_internal.checkpoint_entry e
  WHERE ((e.outcome <> 'accepted'::postern_internal.outcome) AND ((e.outcome <> ALL (ARRAY['denied'::postern_internal.outcome, 'locked'::postern_internal.outcome, 'refused'::postern_internal.outcome])) OR (e.transaction_id IS DISTINCT FROM pg_current_xact_id_if_assigned()) OR (age(e.xmin) > 0)));


ALTER TABLE postern.checkpoint_log OWNER TO postern_owner;

--
-- Name: VIEW checkpoint_log; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.checkpoint_log IS 'Checkpoints passed, denied and cancelled. userid: whose session it was; authenticated_by: whose credential was used, or for a denial the name that was typed. logged_at is read from the clock; transaction_id is the transaction of the business rows (for a denial: of the attempt). approval: the approval that opened the gate; several entries may have the same one. asked: whether the person was shown this gate, with the same values of its bound parameters; false if the approval of another gate, or of the action, opened it. approved_gate_id, approved_message: what the person was shown, if it differs from gate_id and message.';


--
-- Name: company; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.company AS
 SELECT c.company,
    c.name,
    c.created_at,
    c.row_level_security
   FROM postern_internal.company c;


ALTER TABLE postern.company OWNER TO postern_owner;

--
-- Name: VIEW company; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.company IS 'Companies. Every user may read their names.';


--
-- Name: user_finance_auth_pub; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.user_finance_auth_pub WITH (security_barrier='true') AS
 SELECT u.company,
    u.userid,
    u.is_default
   FROM postern_internal.company_user u
  WHERE (u.userid = ( SELECT postern.current_userid() AS current_userid
          WHERE postern.require_user_role()));


ALTER TABLE postern.user_finance_auth_pub OWNER TO postern_owner;

--
-- Name: VIEW user_finance_auth_pub; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.user_finance_auth_pub IS 'USER_FINANCE_AUTH_PUB: the companies of the current user, and which is the default. Errors: PS401, PS402.';


--
-- Name: company_finance_auth; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.company_finance_auth WITH (security_barrier='true') AS
 SELECT a.company,
    a.userid,
    a.is_default
   FROM postern.user_finance_auth_pub a;


ALTER TABLE postern.company_finance_auth OWNER TO postern_owner;

--
-- Name: VIEW company_finance_auth; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.company_finance_auth IS 'COMPANY_FINANCE_AUTH, deprecated: use postern.user_finance_auth_pub, which it shows.';


--
-- Name: company_finance_auth1; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.company_finance_auth1 WITH (security_barrier='true') AS
 SELECT a.company,
    a.userid,
    a.is_default
   FROM postern.user_finance_auth_pub a;


ALTER TABLE postern.company_finance_auth1 OWNER TO postern_owner;

--
-- Name: VIEW company_finance_auth1; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.company_finance_auth1 IS 'COMPANY_FINANCE_AUTH1, deprecated: use postern.user_finance_auth_pub, which it shows.';


--
-- Name: company_finance_auth_pub; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.company_finance_auth_pub WITH (security_barrier='true') AS
 SELECT a.company,
    a.userid,
    a.is_default
   FROM postern.user_finance_auth_pub a;


ALTER TABLE postern.company_finance_auth_pub OWNER TO postern_owner;

--
-- Name: VIEW company_finance_auth_pub; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.company_finance_auth_pub IS 'COMPANY_FINANCE_AUTH_PUB, deprecated: use postern.user_finance_auth_pub, which it shows.';


--
-- Name: company_user; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.company_user AS
 SELECT u.company,
    u.userid,
    u.is_default,
    c.class
   FROM (postern_internal.company_user u
     LEFT JOIN postern_internal.authority_class c ON ((c.class_id = u.class_id)));


ALTER TABLE postern.company_user OWNER TO postern_owner;

--
-- Name: VIEW company_user; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.company_user IS 'The users of each company with their authority class, for administrators. Users see their own rows in postern.user_finance_auth_pub.';


--
-- Name: gate_reading; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.gate_reading (
    only_row boolean DEFAULT true NOT NULL,
    fingerprint text NOT NULL,
    callers jsonb NOT NULL,
    read_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    read_by name DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT gate_reading_only_row_check CHECK (only_row)
);


ALTER TABLE postern_internal.gate_reading OWNER TO postern_owner;

--
-- Name: TABLE gate_reading; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.gate_reading IS 'The last reading by postern doctor. fingerprint: postern.gate_fingerprint() before the reading. callers: what calls gates or begins actions, in the form that postern.gate_findings reads. Facts about functions, not configuration.';


--
-- Name: current_gate_reading; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.current_gate_reading AS
 SELECT
        CASE
            WHEN m.mentioned THEN r.callers
            ELSE '[]'::jsonb
        END AS callers,
        CASE
            WHEN m.mentioned THEN (NOT (r.fingerprint IS DISTINCT FROM postern.gate_fingerprint()))
            ELSE true
        END AS is_current,
    r.read_at,
    r.read_by
   FROM (( SELECT ((EXISTS ( SELECT
                   FROM ( SELECT p.prosrc
                           FROM ((pg_proc p
                             JOIN pg_namespace n ON ((n.oid = p.pronamespace)))
                             JOIN pg_language l ON ((l.oid = p.prolang)))
                          WHERE ((n.nspname <> ALL (ARRAY['pg_catalog'::name, 'information_schema'::name])) AND (n.nspname !~ '^pg_t(oast|emp)'::text) AND (pg_get_userbyid(n.nspowner) <> 'postern_owner'::name) AND (l.lanname <> ALL (ARRAY['c'::name, 'internal'::name])) AND (p.prosqlbody IS NULL))
                         OFFSET 0) f
                  WHERE (lower(f.prosrc) ~ 'checkpoint|begin_action|u&"|\\u'::text))) OR (EXISTS ( SELECT
                   FROM ((pg_depend d
                     LEFT JOIN pg_proc p ON (((d.classid = ('pg_proc'::regclass)::oid) AND (p.oid = d.objid))))
                     LEFT JOIN pg_namespace n ON ((n.oid = p.pronamespace)))
                  WHERE ((d.refclassid = ('pg_proc'::regclass)::oid) AND (d.refobjid IN ( SELECT g.oid
                           FROM (pg_proc g
                             JOIN pg_namespace o ON ((o.oid = g.pronamespace)))
                          WHERE (((o.nspname = 'postern'::name) AND (g.proname = ANY (ARRAY['checkpoint'::name, 'begin_action'::name]))) OR ((o.nspname = 'security_sys'::name) AND (g.proname = 'security_checkpoint'::name))))) AND ((n.oid IS NULL) OR (pg_get_userbyid(n.nspowner) <> 'postern_owner'::name)))))) AS mentioned
         OFFSET 0) m
     LEFT JOIN ( SELECT g.callers,
            g.fingerprint,
            g.read_at,
            g.read_by
           FROM postern_internal.gate_reading g
         LIMIT 1) r ON (true));


ALTER TABLE postern_internal.current_gate_reading OWNER TO postern_owner;

--
-- Name: VIEW current_gate_reading; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.current_gate_reading IS 'For postern.doctor: one row. callers: what calls gates, as far as it was read; NULL: never read. is_current: nothing has changed since that the reading depends on.';


--
-- Name: gates_unread; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.gates_unread AS
 SELECT 'warn'::text AS level,
    'gates_unread'::text AS code,
    format('database %I'::text, current_database()) AS object,
    'The calls of gates have to be read'::text AS title,
        CASE
            WHEN (r.read_at IS NULL) THEN 'Functions name gates, but nobody has read them: the findings do not cover what they call.'::text
            ELSE format('They were read on %s by %s. Since then functions, or what leads to them, were created, changed or dropped, so the findings on calls of gates may be out of date.'::text, to_char(r.read_at, 'YYYY-MM-DD HH24:MI:SS TZ'::text), quote_ident((r.read_by)::text))
        END AS detail,
    'As a member of postern_admin, run: postern doctor'::text AS fix
   FROM postern_internal.current_gate_reading r
  WHERE (NOT r.is_current);


ALTER TABLE postern_internal.gates_unread OWNER TO postern_owner;

--
-- Name: VIEW gates_unread; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.gates_unread IS 'Check of postern.doctor: functions that were created, changed or dropped since postern doctor last read which gates they call.';


--
-- Name: doctor; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.doctor AS
 SELECT f.level,
    f.code,
    f.object,
    f.title,
    f.detail,
    f.fix
   FROM postern.catalog_findings f
UNION ALL
 SELECT f.level,
    f.code,
    f.object,
    f.title,
    postern.finding_detail(f.detail, f.code) AS detail,
    postern.printable_statement(f.fix) AS fix
   FROM postern_internal.gates_unread f
UNION ALL
 SELECT f.level,
    f.code,
    f.object,
    f.title,
    f.detail,
    f.fix
   FROM (postern_internal.current_gate_reading r
     CROSS JOIN LATERAL postern.gate_findings(r.callers) f(level, code, object, title, detail, fix))
  WHERE (r.callers IS NOT NULL);


ALTER TABLE postern.doctor OWNER TO postern_owner;

--
-- Name: VIEW doctor; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.doctor IS 'What is left unprotected in this database, one row per finding. level: error or warn. code: the check, explained in docs/doctor. object: what it is about. fix: SQL to paste, or a description of what to do. No rows: nothing was found.';


--
-- Name: dual; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.dual AS
 SELECT 'X'::text AS dummy;


ALTER TABLE postern.dual OWNER TO postern_owner;

--
-- Name: VIEW dual; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.dual IS 'DUAL: one row, for mirrored SQL that needs something to select from.';


--
-- Name: event_action; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.event_action AS
 SELECT a.name,
    a.event,
    (a.kind)::text AS kind,
    a.target,
    a.condition,
    a.template,
    a.allow_internal,
    a.created_at,
    a.created_by,
    (u.entries + q.pending) AS pending,
    q.dead,
    LEAST(u.oldest, q.oldest_pending_at) AS oldest_pending_at,
    a.disabled_at,
    a.disabled_reason
   FROM ((postern_internal.event_action a
     CROSS JOIN LATERAL postern.unqueued_events(a.name) u(entries, oldest))
     LEFT JOIN LATERAL ( SELECT count(*) FILTER (WHERE (d.state = 'pending'::postern_internal.delivery_state)) AS pending,
            count(*) FILTER (WHERE (d.state = 'dead'::postern_internal.delivery_state)) AS dead,
            min(d.due_at) FILTER (WHERE (d.state = 'pending'::postern_internal.delivery_state)) AS oldest_pending_at
           FROM postern_internal.event_delivery d
          WHERE ((d.event_action_id = a.event_action_id) AND (d.state = ANY (ARRAY['pending'::postern_internal.delivery_state, 'dead'::postern_internal.delivery_state])))) q ON (true));


ALTER TABLE postern.event_action OWNER TO postern_owner;

--
-- Name: VIEW event_action; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.event_action IS 'Which receiver is notified of which event, and how; never the secret of a webhook. pending: deliveries that wait, and entries of the log that no worker has queued yet (counted among the 10000 oldest new ones). dead: deliveries that were given up. oldest_pending_at: when the first pending one was due, or logged. disabled_at, disabled_reason: since when and why nothing is delivered, until postern.enable_event_action.';


--
-- Name: event; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.event AS
 SELECT e.event,
    e.description,
    e.enabled,
    ( SELECT count(*) AS count
           FROM postern_internal.event_action a
          WHERE (a.event = e.event)) AS actions,
    q.pending,
    q.dead,
    q.disabled_actions
   FROM (postern_internal.event e
     LEFT JOIN LATERAL ( SELECT (COALESCE(sum(a.pending), (0)::numeric))::bigint AS pending,
            (COALESCE(sum(a.dead), (0)::numeric))::bigint AS dead,
            count(a.disabled_at) AS disabled_actions
           FROM postern.event_action a
          WHERE (a.event = e.event)) q ON (true));


ALTER TABLE postern.event OWNER TO postern_owner;

--
-- Name: VIEW event; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.event IS 'Events, the number of actions of each, and the number of deliveries that are pending or dead letters, counted as in postern.event_action. disabled_actions: those whose receiver wanted no more events.';


--
-- Name: event_delivery; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.event_delivery AS
 SELECT a.name,
    a.event,
    d.log_id,
    d.delivery_id,
    (d.state)::text AS state,
    d.attempts,
        CASE
            WHEN (d.state = 'pending'::postern_internal.delivery_state) THEN d.due_at
            ELSE NULL::timestamp with time zone
        END AS due_at,
    d.finished_at,
    d.last_error
   FROM (postern_internal.event_delivery d
     JOIN postern_internal.event_action a ON ((a.event_action_id = d.event_action_id)));


ALTER TABLE postern.event_delivery OWNER TO postern_owner;

--
-- Name: VIEW event_delivery; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.event_delivery IS 'Deliveries of entries of the log: pending, delivered, skipped because the condition did not hold, or dead after too many attempts.';


--
-- Name: webhook_secret; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.webhook_secret (
    webhook_secret_id integer NOT NULL,
    event_action_id integer NOT NULL,
    secret bytea NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT webhook_secret_secret_check CHECK ((length(secret) = 32))
);


ALTER TABLE postern_internal.webhook_secret OWNER TO postern_owner;

--
-- Name: TABLE webhook_secret; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.webhook_secret IS 'The secrets that sign webhooks. Separate from the actions, so that reading those never shows a secret. expires_at: until when deliveries are signed with this secret as well as with the newest one, which has none.';


--
-- Name: event_worker_action; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.event_worker_action WITH (security_barrier='true') AS
 SELECT a.name,
    a.event,
    (a.kind)::text AS kind,
    a.target,
    a.condition,
    a.template,
    a.allow_internal,
    ARRAY( SELECT ('whsec_'::text || encode(s.secret, 'base64'::text))
           FROM postern_internal.webhook_secret s
          WHERE ((s.event_action_id = a.event_action_id) AND ((s.expires_at IS NULL) OR (s.expires_at > now())))
          ORDER BY s.webhook_secret_id DESC) AS secrets
   FROM (postern_internal.event_action a
     JOIN postern_internal.event e ON (((e.event = a.event) AND e.enabled)))
  WHERE ((a.disabled_at IS NULL) AND postern.check_allowed_login('postern_event_worker'::name));


ALTER TABLE postern.event_worker_action OWNER TO postern_owner;

--
-- Name: VIEW event_worker_action; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.event_worker_action IS 'The enabled actions of enabled events, with the secrets that sign webhooks, newest first. For the worker.';


--
-- Name: gate; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.gate AS
 SELECT g.gate_id,
    g.description,
    g.message,
    g.parameters,
    ARRAY( SELECT p.name
           FROM unnest(g.parameters) WITH ORDINALITY p(name, "position")
          WHERE (p.name <> ALL (g.unbound_parameters))
          ORDER BY p."position") AS bound_parameters,
    g.active,
    g.built_in,
    g.exclusive,
    g.active_administered,
    g.message_administered,
    g.registered_at
   FROM postern_internal.gate g;


ALTER TABLE postern.gate OWNER TO postern_owner;

--
-- Name: VIEW gate; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.gate IS 'Registered gates. exclusive: each pass needs its own approval, which opens nothing else. ..._administered: an administrator has set it, and registrations leave it alone.';


--
-- Name: ledger; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.ledger (
    company text NOT NULL,
    ledger_id text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT ledger_ledger_id_check CHECK (((ledger_id <> ''::text) AND (length(ledger_id) <= 20)))
);


ALTER TABLE postern_internal.ledger OWNER TO postern_owner;

--
-- Name: TABLE ledger; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.ledger IS 'Internal ledgers of companies.';


--
-- Name: ledger; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.ledger AS
 SELECT l.company,
    l.ledger_id,
    l.created_at
   FROM postern_internal.ledger l;


ALTER TABLE postern.ledger OWNER TO postern_owner;

--
-- Name: VIEW ledger; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.ledger IS 'Internal ledgers of companies.';


--
-- Name: ledger_user; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.ledger_user AS
 SELECT u.company,
    u.ledger_id,
    u.userid,
    c.class
   FROM (postern_internal.ledger_user u
     LEFT JOIN postern_internal.authority_class c ON ((c.class_id = u.class_id)));


ALTER TABLE postern.ledger_user OWNER TO postern_owner;

--
-- Name: VIEW ledger_user; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.ledger_user IS 'Which user is connected to which internal ledger, and the class that limits what the user sees there.';


--
-- Name: tree_head; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.tree_head (
    tree_size bigint NOT NULL,
    root_hash bytea NOT NULL,
    note text NOT NULL,
    signed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT tree_head_root_hash_check CHECK ((octet_length(root_hash) = 32)),
    CONSTRAINT tree_head_tree_size_check CHECK ((tree_size > 0))
);


ALTER TABLE postern_internal.tree_head OWNER TO postern_owner;

--
-- Name: TABLE tree_head; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.tree_head IS 'Signed tree heads, append-only, for convenience: trust only the copy outside the database. note: a C2SP tlog-checkpoint.';


--
-- Name: log_head; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.log_head AS
 SELECT h.tree_size,
    h.root_hash,
    h.note,
    h.signed_at
   FROM postern_internal.tree_head h;


ALTER TABLE postern.log_head OWNER TO postern_owner;

--
-- Name: VIEW log_head; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.log_head IS 'Signed tree heads. Trust the copies outside the database, not these. note: a C2SP tlog-checkpoint; signed_at is not in the signature.';


--
-- Name: leaf; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.leaf (
    leaf_number bigint NOT NULL,
    log_id bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT leaf_hashes_check CHECK (((octet_length(hashes) >= 32) AND (octet_length(hashes) <= 2048) AND ((octet_length(hashes) % 32) = 0))),
    CONSTRAINT leaf_leaf_number_check CHECK ((leaf_number >= 0))
);


ALTER TABLE postern_internal.leaf OWNER TO postern_owner;

--
-- Name: TABLE leaf; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.leaf IS 'The tree, append-only: which entry of the log is which leaf. hashes: 32 octets each, the hash of the leaf, then that of each subtree that this leaf completes, smallest first; over all leaves in order these are the stored hashes of golang.org/x/mod/sumdb/tlog. No foreign key: leaves stay when the months of their entries are dropped.';


--
-- Name: log_leaf; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.log_leaf AS
 SELECT l.leaf_number,
    l.log_id,
    l.hashes
   FROM postern_internal.leaf l;


ALTER TABLE postern.log_leaf OWNER TO postern_owner;

--
-- Name: VIEW log_leaf; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.log_leaf IS 'The log''s Merkle tree: which entry is which leaf. hashes: 32 octets each, the leaf''s hash and then those of the subtrees that it completes, smallest first.';


--
-- Name: protected_table; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.protected_table AS
 SELECT p.schema_name,
    p.table_name,
    p.protection,
    p.company_column,
    p.combination_column,
    p.ledger_column,
    p.protected_by,
    p.protected_at
   FROM postern_internal.protected_table p;


ALTER TABLE postern.protected_table OWNER TO postern_owner;

--
-- Name: VIEW protected_table; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.protected_table IS 'Tables that protect_company and protect_ledger protect, and the columns that they use. Partitions are protected with their table and not listed.';


--
-- Name: protection_fault; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.protection_fault AS
 WITH guarded AS MATERIALIZED (
         SELECT ('table '::text || p.identity) AS object,
            p.recorded
           FROM postern_internal.protected_relation p
          WHERE (p.place <> 'above'::text)
        )
 SELECT n.nspname AS schema_name,
    c.relname AS table_name,
    string_agg(((f.object || ': '::text) || f.detail), ' '::text ORDER BY f.object, f.detail) AS fault
   FROM (((( SELECT f_1.object,
            f_1.detail
           FROM postern_internal.changed_protection f_1
        UNION ALL
         SELECT f_1.object,
            f_1.detail
           FROM postern_internal.unprotected_partition f_1
        UNION ALL
         SELECT f_1.object,
            f_1.detail
           FROM postern_internal.unforced_row_security f_1) f
     JOIN guarded g ON ((g.object = f.object)))
     JOIN pg_class c ON ((c.oid = g.recorded)))
     JOIN pg_namespace n ON ((n.oid = c.relnamespace)))
  GROUP BY n.nspname, c.relname
UNION ALL
 SELECT p.schema_name,
    p.table_name,
    f.detail AS fault
   FROM (postern_internal.stale_protection f
     JOIN postern_internal.protected_table p ON ((format('table %I.%I'::text, p.schema_name, p.table_name) = f.object)));


ALTER TABLE postern.protection_fault OWNER TO postern_owner;

--
-- Name: VIEW protection_fault; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.protection_fault IS 'Protected tables that are not protected as requested, and what differs, in words; includes the tables below them. To repair it, protect the table again.';


--
-- Name: scheme; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.scheme AS
 SELECT s.scheme,
    s.verify_function,
    s.enabled
   FROM postern_internal.scheme s;


ALTER TABLE postern.scheme OWNER TO postern_owner;

--
-- Name: VIEW scheme; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.scheme IS 'Ways to authenticate at a checkpoint. PIN is built in and has no verify_function.';


--
-- Name: session_key; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.session_key AS
 SELECT s.kid,
    s.created_at,
    s.created_by,
    s.retired_at
   FROM postern_internal.session_key s;


ALTER TABLE postern.session_key OWNER TO postern_owner;

--
-- Name: VIEW session_key; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.session_key IS 'Keys for session tokens, without their secrets.';


--
-- Name: setting; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.setting AS
 SELECT s.name,
    s.value,
    s.kind,
    s.minimum,
    s.maximum,
    s.default_value,
    s.description
   FROM postern_internal.setting s;


ALTER TABLE postern.setting OWNER TO postern_owner;

--
-- Name: VIEW setting; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.setting IS 'Settings of Postern in this database. Change them with postern.set_setting.';


--
-- Name: own_entry; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.own_entry AS
 SELECT e.log_id,
    e.outcome,
    e.gate_id,
    e.userid,
    e.authenticated_by,
    e.logged_at,
    e.ticket
   FROM postern_internal.checkpoint_entry e
  WHERE ((e.transaction_id = pg_current_xact_id_if_assigned()) AND (age(e.xmin) <= 0) AND (e.logged_at >= (transaction_timestamp() - '1 day'::interval)));


ALTER TABLE postern_internal.own_entry OWNER TO postern_owner;

--
-- Name: VIEW own_entry; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.own_entry IS 'Entries of the log that this transaction has written.';


--
-- Name: user_account; Type: VIEW; Schema: postern; Owner: postern_owner
--

CREATE VIEW postern.user_account WITH (security_barrier='true') AS
 SELECT e.userid,
    e.description,
    e.db_role,
    e.active,
        CASE
            WHEN (c.hash IS NULL) THEN 'none'::text
            WHEN c.must_change THEN 'must change'::text
            ELSE 'set'::text
        END AS pin,
    c.changed_at AS pin_changed_at,
    c.failures,
    NULLIF(c.locked_until, '-infinity'::timestamp with time zone) AS locked_until,
    e.created_at
   FROM (postern_internal.end_user e
     JOIN postern_internal.credential c ON ((c.userid = e.userid)))
  WHERE (NOT (EXISTS ( SELECT
           FROM postern_internal.own_entry l
          WHERE ((l.outcome = ANY (ARRAY['denied'::postern_internal.outcome, 'locked'::postern_internal.outcome, 'refused'::postern_internal.outcome, 'accepted'::postern_internal.outcome])) AND ((e.userid = l.userid) OR (e.userid = l.authenticated_by))))))
 OFFSET 0;


ALTER TABLE postern.user_account OWNER TO postern_owner;

--
-- Name: VIEW user_account; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON VIEW postern.user_account IS 'End users; whether they have a PIN (none, must change, set); how many wrong responses followed the last right one; and until when the credential is or was locked.';


--
-- Name: authority_class_class_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.authority_class ALTER COLUMN class_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.authority_class_class_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: authority_combination_combination_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.authority_combination ALTER COLUMN combination_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.authority_combination_combination_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: checkpoint_entry_default; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.checkpoint_entry_default (
    log_id bigint DEFAULT (
CASE hashtext("left"(pg_walfile_name(pg_current_wal_lsn()), 8))
    WHEN pg_sequence_last_value('postern_internal.log_timeline'::regclass) THEN pg_sequence_last_value('postern_internal.log_skip'::regclass)
    ELSE (nextval('postern_internal.log_skip'::regclass) + (0 * setval('postern_internal.log_timeline'::regclass, (hashtext("left"(pg_walfile_name(pg_current_wal_lsn()), 8)))::bigint)))
END + nextval('postern_internal.log_number'::regclass)) NOT NULL,
    outcome postern_internal.outcome NOT NULL,
    gate_id text NOT NULL,
    action text,
    userid text NOT NULL,
    authenticated_by text,
    logged_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    message text NOT NULL,
    parameters jsonb NOT NULL,
    comment text,
    scheme text,
    session_role name DEFAULT SESSION_USER NOT NULL,
    client_addr inet DEFAULT inet_client_addr(),
    application_name text DEFAULT current_setting('application_name'::text) NOT NULL,
    transaction_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    ticket uuid,
    asked boolean DEFAULT true NOT NULL,
    approved_gate_id text,
    approved_message text,
    salt uuid DEFAULT gen_random_uuid() NOT NULL
);


ALTER TABLE postern_internal.checkpoint_entry_default OWNER TO postern_owner;

--
-- Name: TABLE checkpoint_entry_default; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.checkpoint_entry_default IS 'Entries of months without a partition, so that no entry is ever refused.';


--
-- Name: transaction_ticket; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.transaction_ticket AS
 SELECT o.nonce,
    o.ticket,
    o.transaction_id,
    o.opened_at,
    o.userid,
    o.authenticated_by,
    o.scheme,
    o.comment,
    o.gate_id,
    o.exclusive,
    o.action,
    o.digest,
    o.parameters,
    o.message,
    o.session_role,
    o.expires_at,
    o.session,
    o.passed,
    o.salt,
    o.action_begun
   FROM postern_internal.open_gate o
  WHERE ((o.nonce = current_setting('postern.ticket'::text, true)) AND (o.transaction_id = pg_current_xact_id_if_assigned()) AND (o.opened_at = transaction_timestamp()) AND (NOT o.exclusive));


ALTER TABLE postern_internal.transaction_ticket OWNER TO postern_owner;

--
-- Name: VIEW transaction_ticket; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.transaction_ticket IS 'The ticket used in this transaction that opens all gates but the exclusive ones, if any, whoever the current user is.';


--
-- Name: current_open_gate; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.current_open_gate AS
 SELECT t.nonce,
    t.ticket,
    t.transaction_id,
    t.opened_at,
    t.userid,
    t.authenticated_by,
    t.scheme,
    t.comment,
    t.gate_id,
    t.exclusive,
    t.action,
    t.digest,
    t.parameters,
    t.message,
    t.session_role,
    t.expires_at,
    t.session,
    t.passed,
    t.salt,
    t.action_begun
   FROM postern_internal.transaction_ticket t
  WHERE ((t.session = current_setting('postern.session'::text, true)) AND (t.session_role = SESSION_USER));


ALTER TABLE postern_internal.current_open_gate OWNER TO postern_owner;

--
-- Name: VIEW current_open_gate; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.current_open_gate IS 'The ticket that opened gates for this transaction in this session, if any. Exclusive gates are in open_exclusive_gate.';


--
-- Name: event_action_event_action_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.event_action ALTER COLUMN event_action_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.event_action_event_action_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: installation_installation_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.installation ALTER COLUMN installation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.installation_installation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: log_drop; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.log_drop (
    log_drop_id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    dropped_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    dropped_by name DEFAULT SESSION_USER NOT NULL
);


ALTER TABLE postern_internal.log_drop OWNER TO postern_owner;

--
-- Name: TABLE log_drop; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.log_drop IS 'Which months of the log were dropped, append-only: those from since (inclusive) to until (exclusive).';


--
-- Name: log_drop_log_drop_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.log_drop ALTER COLUMN log_drop_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.log_drop_log_drop_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: log_export; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.log_export (
    log_export_id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    tree_size bigint NOT NULL,
    exported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    exported_by name DEFAULT SESSION_USER NOT NULL
);


ALTER TABLE postern_internal.log_export OWNER TO postern_owner;

--
-- Name: TABLE log_export; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.log_export IS 'Which entries were written to files with their proofs, append-only: those from since (inclusive) to until (exclusive), under the head of tree_size leaves.';


--
-- Name: log_export_log_export_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.log_export ALTER COLUMN log_export_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.log_export_log_export_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: open_exclusive_gate; Type: VIEW; Schema: postern_internal; Owner: postern_owner
--

CREATE VIEW postern_internal.open_exclusive_gate AS
 SELECT o.nonce,
    o.ticket,
    o.transaction_id,
    o.opened_at,
    o.userid,
    o.authenticated_by,
    o.scheme,
    o.comment,
    o.gate_id,
    o.exclusive,
    o.action,
    o.digest,
    o.parameters,
    o.message,
    o.session_role,
    o.expires_at,
    o.session,
    o.passed,
    o.salt,
    o.action_begun
   FROM postern_internal.open_gate o
  WHERE ((o.nonce = ANY (string_to_array(current_setting('postern.exclusive_tickets'::text, true), ','::text))) AND (o.transaction_id = pg_current_xact_id_if_assigned()) AND (o.opened_at = transaction_timestamp()) AND (o.session = current_setting('postern.session'::text, true)) AND (o.session_role = SESSION_USER));


ALTER TABLE postern_internal.open_exclusive_gate OWNER TO postern_owner;

--
-- Name: VIEW open_exclusive_gate; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON VIEW postern_internal.open_exclusive_gate IS 'The tickets used in this transaction of this session that open one exclusive gate each.';


--
-- Name: schema_version; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.schema_version (
    version integer NOT NULL
);


ALTER TABLE postern_internal.schema_version OWNER TO postern_owner;

--
-- Name: TABLE schema_version; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.schema_version IS 'The number of migrations that have run.';


--
-- Name: sealing; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.sealing (
    only_row boolean DEFAULT true NOT NULL,
    tree_size bigint NOT NULL,
    snapshot pg_snapshot,
    place postern_internal.place,
    CONSTRAINT sealing_only_row_check CHECK (only_row)
);


ALTER TABLE postern_internal.sealing OWNER TO postern_owner;

--
-- Name: TABLE sealing; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.sealing IS 'How far the log is sealed. Sealing locks this row. snapshot: every entry that it sees has a leaf; it has a meaning only in the cluster of place. place: the database that is sealed; no copy of it is. An entry that the snapshot would have seen but that has no leaf did not exist then.';


--
-- Name: server_key; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.server_key (
    purpose text NOT NULL,
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL,
    CONSTRAINT server_key_inner_pad_check CHECK ((length(inner_pad) = 64)),
    CONSTRAINT server_key_outer_pad_check CHECK ((length(outer_pad) = 64))
);


ALTER TABLE postern_internal.server_key OWNER TO postern_owner;

--
-- Name: TABLE server_key; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.server_key IS 'Secret keys that only this database uses, one per purpose. Each is two independent random blocks: a keyed digest (NMAC) then costs two calls of the built-in sha256.';


--
-- Name: session_secret; Type: TABLE; Schema: postern_internal; Owner: postern_owner
--

CREATE TABLE postern_internal.session_secret (
    secret bytea NOT NULL,
    CONSTRAINT session_secret_secret_check CHECK ((length(secret) = 64))
);


ALTER TABLE postern_internal.session_secret OWNER TO postern_owner;

--
-- Name: TABLE session_secret; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TABLE postern_internal.session_secret IS 'The secret from which the setting postern.session is made, one SHA-256 block long. One row of one column, because it is read whenever the end user is determined, possibly for each row of an application''s query.';


--
-- Name: webhook_secret_webhook_secret_id_seq; Type: SEQUENCE; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE postern_internal.webhook_secret ALTER COLUMN webhook_secret_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME postern_internal.webhook_secret_webhook_secret_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: checkpoint_entry_default; Type: TABLE ATTACH; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.checkpoint_entry ATTACH PARTITION postern_internal.checkpoint_entry_default DEFAULT;


--
-- Name: action action_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.action
    ADD CONSTRAINT action_pkey PRIMARY KEY (action);


--
-- Name: gate_not_referenced(jsonb); Type: FUNCTION; Schema: postern_internal; Owner: postern_owner
--

CREATE FUNCTION postern_internal.gate_not_referenced(callers jsonb) RETURNS TABLE(level text, code text, object text, title text, detail text, fix text)
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 WITH missing AS (
          SELECT a.action,
             a.checkpoint,
             a.legacy_checkpoints,
             string_agg(DISTINCT c.name, ' and '::text ORDER BY c.name) AS entries,
             array_agg(DISTINCT r.gate_id ORDER BY r.gate_id) AS gates
            FROM ((((postern_internal.gate_caller(gate_not_referenced.callers) c(name, gates, actions, reached, unknowable, unreadable, late, swallowed)
              CROSS JOIN LATERAL unnest(c.actions) b(action))
              JOIN postern_internal.action a ON ((a.action = b.action)))
              CROSS JOIN LATERAL unnest(c.reached) g(gate_id))
              JOIN postern_internal.gate r ON ((r.gate_id = g.gate_id)))
           WHERE ((NOT r.exclusive) AND (r.gate_id IS DISTINCT FROM a.checkpoint) AND (r.gate_id <> ALL (a.legacy_checkpoints)))
           GROUP BY a.action
         )
  SELECT 'warn'::text AS level,
     'gate_not_referenced'::text AS code,
     ('action '::text || m.action) AS object,
     'An action reaches gates that it does not reference'::text AS title,
     format('From %s, where it begins, it reaches %s. If one of them is active and the action''s own checkpoint is not, it fails with PS105.'::text, m.entries, array_to_string(m.gates, ', '::text)) AS detail,
     format('select postern.register_action(%L, %s, array[%s]);'::text, m.action, quote_nullable(m.checkpoint), ( SELECT string_agg(quote_literal(g.gate_id), ', '::text ORDER BY g."position") AS string_agg
            FROM unnest((m.legacy_checkpoints || m.gates)) WITH ORDINALITY g(gate_id, "position"))) AS fix
    FROM missing m;
END;


ALTER FUNCTION postern_internal.gate_not_referenced(callers jsonb) OWNER TO postern_owner;

--
-- Name: FUNCTION gate_not_referenced(callers jsonb); Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON FUNCTION postern_internal.gate_not_referenced(callers jsonb) IS 'Check of postern.doctor: gates that an action reaches from where it begins, and that are neither its own checkpoint nor referenced by it. callers: as for postern.gate_findings.';


--
-- Name: posting_combination posting_combination_pkey; Type: CONSTRAINT; Schema: postern; Owner: postern_owner
--

ALTER TABLE ONLY postern.posting_combination
    ADD CONSTRAINT posting_combination_pkey PRIMARY KEY (company, posting_combination_id);


--
-- Name: allowed_login allowed_login_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.allowed_login
    ADD CONSTRAINT allowed_login_pkey PRIMARY KEY (db_role);


--
-- Name: authority_class authority_class_company_class_id_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_class
    ADD CONSTRAINT authority_class_company_class_id_key UNIQUE (company, class_id);


--
-- Name: authority_class authority_class_company_ledger_id_class_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_class
    ADD CONSTRAINT authority_class_company_ledger_id_class_key UNIQUE NULLS NOT DISTINCT (company, ledger_id, class);


--
-- Name: authority_class authority_class_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_class
    ADD CONSTRAINT authority_class_pkey PRIMARY KEY (class_id);


--
-- Name: authority_combination authority_combination_class_id_allowed_patterns_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_combination
    ADD CONSTRAINT authority_combination_class_id_allowed_patterns_key UNIQUE (class_id, allowed, patterns);


--
-- Name: authority_combination authority_combination_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_combination
    ADD CONSTRAINT authority_combination_pkey PRIMARY KEY (combination_id);


--
-- Name: authority_map authority_map_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_map
    ADD CONSTRAINT authority_map_pkey PRIMARY KEY (class_id, first_id);


--
-- Name: checkpoint_entry checkpoint_entry_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.checkpoint_entry
    ADD CONSTRAINT checkpoint_entry_pkey PRIMARY KEY (log_id, logged_at);


--
-- Name: checkpoint_entry_default checkpoint_entry_default_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.checkpoint_entry_default
    ADD CONSTRAINT checkpoint_entry_default_pkey PRIMARY KEY (log_id, logged_at);


--
-- Name: combination_block combination_block_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.combination_block
    ADD CONSTRAINT combination_block_pkey PRIMARY KEY (first_id);


--
-- Name: company company_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.company
    ADD CONSTRAINT company_pkey PRIMARY KEY (company);


--
-- Name: company_user company_user_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.company_user
    ADD CONSTRAINT company_user_pkey PRIMARY KEY (userid, company);


--
-- Name: credential credential_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (userid);


--
-- Name: end_user end_user_db_role_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.end_user
    ADD CONSTRAINT end_user_db_role_key UNIQUE (db_role);


--
-- Name: end_user end_user_folded_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.end_user
    ADD CONSTRAINT end_user_folded_key UNIQUE (folded);


--
-- Name: end_user end_user_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.end_user
    ADD CONSTRAINT end_user_pkey PRIMARY KEY (userid);


--
-- Name: event_action event_action_name_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event_action
    ADD CONSTRAINT event_action_name_key UNIQUE (name);


--
-- Name: event_action event_action_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event_action
    ADD CONSTRAINT event_action_pkey PRIMARY KEY (event_action_id);


--
-- Name: event_delivery event_delivery_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event_delivery
    ADD CONSTRAINT event_delivery_pkey PRIMARY KEY (event_action_id, log_id);


--
-- Name: event event_outcome_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event
    ADD CONSTRAINT event_outcome_key UNIQUE (outcome);


--
-- Name: event event_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event);


--
-- Name: gate gate_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.gate
    ADD CONSTRAINT gate_pkey PRIMARY KEY (gate_id);


--
-- Name: gate_reading gate_reading_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.gate_reading
    ADD CONSTRAINT gate_reading_pkey PRIMARY KEY (only_row);


--
-- Name: installation installation_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (installation_id);


--
-- Name: leaf leaf_log_id_key; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.leaf
    ADD CONSTRAINT leaf_log_id_key UNIQUE (log_id);


--
-- Name: leaf leaf_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.leaf
    ADD CONSTRAINT leaf_pkey PRIMARY KEY (leaf_number);


--
-- Name: ledger ledger_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (company, ledger_id);


--
-- Name: ledger_user ledger_user_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ledger_user
    ADD CONSTRAINT ledger_user_pkey PRIMARY KEY (userid, company, ledger_id);


--
-- Name: log_drop log_drop_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.log_drop
    ADD CONSTRAINT log_drop_pkey PRIMARY KEY (log_drop_id);


--
-- Name: log_export log_export_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.log_export
    ADD CONSTRAINT log_export_pkey PRIMARY KEY (log_export_id);


--
-- Name: open_gate open_gate_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.open_gate
    ADD CONSTRAINT open_gate_pkey PRIMARY KEY (nonce);


--
-- Name: protected_table protected_table_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.protected_table
    ADD CONSTRAINT protected_table_pkey PRIMARY KEY (schema_name, table_name);


--
-- Name: schema_version schema_version_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);


--
-- Name: scheme scheme_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.scheme
    ADD CONSTRAINT scheme_pkey PRIMARY KEY (scheme);


--
-- Name: sealing sealing_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.sealing
    ADD CONSTRAINT sealing_pkey PRIMARY KEY (only_row);


--
-- Name: server_key server_key_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.server_key
    ADD CONSTRAINT server_key_pkey PRIMARY KEY (purpose);


--
-- Name: session_key session_key_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.session_key
    ADD CONSTRAINT session_key_pkey PRIMARY KEY (kid);


--
-- Name: setting setting_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);


--
-- Name: ticket ticket_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (ticket);


--
-- Name: tree_head tree_head_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.tree_head
    ADD CONSTRAINT tree_head_pkey PRIMARY KEY (tree_size);


--
-- Name: webhook_secret webhook_secret_pkey; Type: CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.webhook_secret
    ADD CONSTRAINT webhook_secret_pkey PRIMARY KEY (webhook_secret_id);


--
-- Name: posting_combination_code_string; Type: INDEX; Schema: postern; Owner: postern_owner
--

CREATE UNIQUE INDEX posting_combination_code_string ON postern.posting_combination USING btree ((ARRAY[(company COLLATE "C"), code_a, code_b, code_c, code_d, code_e, code_f, code_g, code_h, code_i, code_j]));


--
-- Name: action_spelling; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE UNIQUE INDEX action_spelling ON postern_internal.action USING btree (upper((action COLLATE "C")));


--
-- Name: checkpoint_entry_authenticated_by; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX checkpoint_entry_authenticated_by ON ONLY postern_internal.checkpoint_entry USING btree (authenticated_by, gate_id, log_id) WHERE (authenticated_by <> userid);


--
-- Name: checkpoint_entry_default_authenticated_by_gate_id_log_id_idx; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX checkpoint_entry_default_authenticated_by_gate_id_log_id_idx ON postern_internal.checkpoint_entry_default USING btree (authenticated_by, gate_id, log_id) WHERE (authenticated_by <> userid);


--
-- Name: checkpoint_entry_transaction_id; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX checkpoint_entry_transaction_id ON ONLY postern_internal.checkpoint_entry USING btree (transaction_id);


--
-- Name: checkpoint_entry_default_transaction_id_idx; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX checkpoint_entry_default_transaction_id_idx ON postern_internal.checkpoint_entry_default USING btree (transaction_id);


--
-- Name: checkpoint_entry_userid; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX checkpoint_entry_userid ON ONLY postern_internal.checkpoint_entry USING btree (userid, gate_id, log_id);


--
-- Name: checkpoint_entry_default_userid_gate_id_log_id_idx; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX checkpoint_entry_default_userid_gate_id_log_id_idx ON postern_internal.checkpoint_entry_default USING btree (userid, gate_id, log_id);


--
-- Name: combination_block_company; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX combination_block_company ON postern_internal.combination_block USING btree (company, first_id);


--
-- Name: combination_block_free; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX combination_block_free ON postern_internal.combination_block USING btree (size, first_id) WHERE (company IS NULL);


--
-- Name: combination_block_open; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX combination_block_open ON postern_internal.combination_block USING btree (company, first_id) WHERE ((given < size) AND (company IS NOT NULL));


--
-- Name: combination_block_taken; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX combination_block_taken ON postern_internal.combination_block USING btree (first_id) WHERE (company IS NOT NULL);


--
-- Name: combination_block_unfolded; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX combination_block_unfolded ON postern_internal.combination_block USING btree (first_id) WHERE ((company IS NOT NULL) AND ((NOT counted) OR (folded < given)));


--
-- Name: company_user_company; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX company_user_company ON postern_internal.company_user USING btree (company);


--
-- Name: company_user_default; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE UNIQUE INDEX company_user_default ON postern_internal.company_user USING btree (userid) WHERE is_default;


--
-- Name: event_action_event; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX event_action_event ON postern_internal.event_action USING btree (event);


--
-- Name: event_delivery_due; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX event_delivery_due ON postern_internal.event_delivery USING btree (event_action_id, due_at) WHERE (state = 'pending'::postern_internal.delivery_state);


--
-- Name: event_delivery_finished; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX event_delivery_finished ON postern_internal.event_delivery USING btree (finished_at) WHERE (finished_at IS NOT NULL);


--
-- Name: gate_spelling; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE UNIQUE INDEX gate_spelling ON postern_internal.gate USING btree (upper((gate_id COLLATE "C")));


--
-- Name: session_secret_one_row; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE UNIQUE INDEX session_secret_one_row ON postern_internal.session_secret USING btree ((true));


--
-- Name: ticket_expires_at; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX ticket_expires_at ON postern_internal.ticket USING btree (expires_at);


--
-- Name: webhook_secret_event_action; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE INDEX webhook_secret_event_action ON postern_internal.webhook_secret USING btree (event_action_id);


--
-- Name: webhook_secret_newest; Type: INDEX; Schema: postern_internal; Owner: postern_owner
--

CREATE UNIQUE INDEX webhook_secret_newest ON postern_internal.webhook_secret USING btree (event_action_id) WHERE (expires_at IS NULL);


--
-- Name: checkpoint_entry_default_authenticated_by_gate_id_log_id_idx; Type: INDEX ATTACH; Schema: postern_internal; Owner: postern_owner
--

ALTER INDEX postern_internal.checkpoint_entry_authenticated_by ATTACH PARTITION postern_internal.checkpoint_entry_default_authenticated_by_gate_id_log_id_idx;


--
-- Name: checkpoint_entry_default_pkey; Type: INDEX ATTACH; Schema: postern_internal; Owner: postern_owner
--

ALTER INDEX postern_internal.checkpoint_entry_pkey ATTACH PARTITION postern_internal.checkpoint_entry_default_pkey;


--
-- Name: checkpoint_entry_default_transaction_id_idx; Type: INDEX ATTACH; Schema: postern_internal; Owner: postern_owner
--

ALTER INDEX postern_internal.checkpoint_entry_transaction_id ATTACH PARTITION postern_internal.checkpoint_entry_default_transaction_id_idx;


--
-- Name: checkpoint_entry_default_userid_gate_id_log_id_idx; Type: INDEX ATTACH; Schema: postern_internal; Owner: postern_owner
--

ALTER INDEX postern_internal.checkpoint_entry_userid ATTACH PARTITION postern_internal.checkpoint_entry_default_userid_gate_id_log_id_idx;


--
-- Name: posting_combination postern_refuse_truncate; Type: TRIGGER; Schema: postern; Owner: postern_owner
--

CREATE TRIGGER postern_refuse_truncate BEFORE TRUNCATE ON postern.posting_combination FOR EACH STATEMENT EXECUTE FUNCTION postern.refuse_truncate();


--
-- Name: TRIGGER postern_refuse_truncate ON posting_combination; Type: COMMENT; Schema: postern; Owner: postern_owner
--

COMMENT ON TRIGGER postern_refuse_truncate ON postern.posting_combination IS 'Rows of applications refer to these.';


--
-- Name: protected_table check_login; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER check_login BEFORE INSERT OR DELETE OR UPDATE ON postern_internal.protected_table FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.check_protected_table();


--
-- Name: TRIGGER check_login ON protected_table; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER check_login ON postern_internal.protected_table IS 'Only logins that this database allows may change what is protected.';


--
-- Name: checkpoint_entry refuse_change; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON postern_internal.checkpoint_entry FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.refuse_change();


--
-- Name: TRIGGER refuse_change ON checkpoint_entry; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER refuse_change ON postern_internal.checkpoint_entry IS 'The log is append-only.';


--
-- Name: checkpoint_entry_default refuse_change; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON postern_internal.checkpoint_entry_default FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.refuse_change();


--
-- Name: TRIGGER refuse_change ON checkpoint_entry_default; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER refuse_change ON postern_internal.checkpoint_entry_default IS 'The log is append-only.';


--
-- Name: leaf refuse_change; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON postern_internal.leaf FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.refuse_change();


--
-- Name: TRIGGER refuse_change ON leaf; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER refuse_change ON postern_internal.leaf IS 'The log''s tree is append-only.';


--
-- Name: log_drop refuse_change; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON postern_internal.log_drop FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.refuse_change();


--
-- Name: TRIGGER refuse_change ON log_drop; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER refuse_change ON postern_internal.log_drop IS 'What was dropped stays known.';


--
-- Name: log_export refuse_change; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON postern_internal.log_export FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.refuse_change();


--
-- Name: TRIGGER refuse_change ON log_export; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER refuse_change ON postern_internal.log_export IS 'What was exported stays known.';


--
-- Name: tree_head refuse_change; Type: TRIGGER; Schema: postern_internal; Owner: postern_owner
--

CREATE TRIGGER refuse_change BEFORE DELETE OR UPDATE OR TRUNCATE ON postern_internal.tree_head FOR EACH STATEMENT EXECUTE FUNCTION postern_internal.refuse_change();


--
-- Name: TRIGGER refuse_change ON tree_head; Type: COMMENT; Schema: postern_internal; Owner: postern_owner
--

COMMENT ON TRIGGER refuse_change ON postern_internal.tree_head IS 'Signed tree heads are kept.';


--
-- Name: action action_checkpoint_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.action
    ADD CONSTRAINT action_checkpoint_fkey FOREIGN KEY (checkpoint) REFERENCES postern_internal.gate(gate_id);


--
-- Name: authority_class authority_class_company_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_class
    ADD CONSTRAINT authority_class_company_fkey FOREIGN KEY (company) REFERENCES postern_internal.company(company);


--
-- Name: authority_class authority_class_company_ledger_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_class
    ADD CONSTRAINT authority_class_company_ledger_id_fkey FOREIGN KEY (company, ledger_id) REFERENCES postern_internal.ledger(company, ledger_id);


--
-- Name: authority_combination authority_combination_class_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_combination
    ADD CONSTRAINT authority_combination_class_id_fkey FOREIGN KEY (class_id) REFERENCES postern_internal.authority_class(class_id);


--
-- Name: authority_map authority_map_class_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_map
    ADD CONSTRAINT authority_map_class_id_fkey FOREIGN KEY (class_id) REFERENCES postern_internal.authority_class(class_id);


--
-- Name: authority_map authority_map_first_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.authority_map
    ADD CONSTRAINT authority_map_first_id_fkey FOREIGN KEY (first_id) REFERENCES postern_internal.combination_block(first_id);


--
-- Name: combination_block combination_block_company_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.combination_block
    ADD CONSTRAINT combination_block_company_fkey FOREIGN KEY (company) REFERENCES postern_internal.company(company);


--
-- Name: company_user company_user_company_class_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.company_user
    ADD CONSTRAINT company_user_company_class_id_fkey FOREIGN KEY (company, class_id) REFERENCES postern_internal.authority_class(company, class_id);


--
-- Name: company_user company_user_company_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.company_user
    ADD CONSTRAINT company_user_company_fkey FOREIGN KEY (company) REFERENCES postern_internal.company(company);


--
-- Name: company_user company_user_userid_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.company_user
    ADD CONSTRAINT company_user_userid_fkey FOREIGN KEY (userid) REFERENCES postern_internal.end_user(userid);


--
-- Name: credential credential_userid_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.credential
    ADD CONSTRAINT credential_userid_fkey FOREIGN KEY (userid) REFERENCES postern_internal.end_user(userid);


--
-- Name: event_action event_action_event_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event_action
    ADD CONSTRAINT event_action_event_fkey FOREIGN KEY (event) REFERENCES postern_internal.event(event);


--
-- Name: event_delivery event_delivery_event_action_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.event_delivery
    ADD CONSTRAINT event_delivery_event_action_id_fkey FOREIGN KEY (event_action_id) REFERENCES postern_internal.event_action(event_action_id) ON DELETE CASCADE;


--
-- Name: ledger ledger_company_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ledger
    ADD CONSTRAINT ledger_company_fkey FOREIGN KEY (company) REFERENCES postern_internal.company(company);


--
-- Name: ledger_user ledger_user_company_class_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ledger_user
    ADD CONSTRAINT ledger_user_company_class_id_fkey FOREIGN KEY (company, class_id) REFERENCES postern_internal.authority_class(company, class_id);


--
-- Name: ledger_user ledger_user_company_ledger_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ledger_user
    ADD CONSTRAINT ledger_user_company_ledger_id_fkey FOREIGN KEY (company, ledger_id) REFERENCES postern_internal.ledger(company, ledger_id);


--
-- Name: ledger_user ledger_user_userid_company_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.ledger_user
    ADD CONSTRAINT ledger_user_userid_company_fkey FOREIGN KEY (userid, company) REFERENCES postern_internal.company_user(userid, company) ON DELETE CASCADE;


--
-- Name: webhook_secret webhook_secret_event_action_id_fkey; Type: FK CONSTRAINT; Schema: postern_internal; Owner: postern_owner
--

ALTER TABLE ONLY postern_internal.webhook_secret
    ADD CONSTRAINT webhook_secret_event_action_id_fkey FOREIGN KEY (event_action_id) REFERENCES postern_internal.event_action(event_action_id) ON DELETE CASCADE;


--
-- Name: posting_combination postern_company; Type: POLICY; Schema: postern; Owner: postern_owner
--

CREATE POLICY postern_company ON postern.posting_combination FOR SELECT USING ((company = ANY (ARRAY( SELECT c.company
   FROM postern.current_companies() c(company)
  WHERE postern.require_user_role()))));


--
-- Name: posting_combination; Type: ROW SECURITY; Schema: postern; Owner: postern_owner
--

ALTER TABLE postern.posting_combination ENABLE ROW LEVEL SECURITY;

--
-- Name: SCHEMA authorize_comb_finance_api; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA authorize_comb_finance_api TO postern_user;
GRANT USAGE ON SCHEMA authorize_comb_finance_api TO postern_admin;


--
-- Name: SCHEMA fnd_session_api; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA fnd_session_api TO postern_user;
GRANT USAGE ON SCHEMA fnd_session_api TO postern_admin;


--
-- Name: SCHEMA int_led_auth_comb_finance_api; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA int_led_auth_comb_finance_api TO postern_user;
GRANT USAGE ON SCHEMA int_led_auth_comb_finance_api TO postern_admin;


--
-- Name: SCHEMA message_sys; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA message_sys TO postern_user;
GRANT USAGE ON SCHEMA message_sys TO postern_admin;


--
-- Name: SCHEMA postern; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA postern TO postern_user;
GRANT USAGE ON SCHEMA postern TO postern_admin;
GRANT USAGE ON SCHEMA postern TO postern_auditor;
GRANT USAGE ON SCHEMA postern TO postern_sealer;
GRANT USAGE ON SCHEMA postern TO postern_event_worker;


--
-- Name: SCHEMA sec_checkpoint_gate_api; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA sec_checkpoint_gate_api TO postern_admin;


--
-- Name: SCHEMA security_sys; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA security_sys TO postern_user;


--
-- Name: SCHEMA user_finance_api; Type: ACL; Schema: -; Owner: postern_owner
--

GRANT USAGE ON SCHEMA user_finance_api TO postern_user;
GRANT USAGE ON SCHEMA user_finance_api TO postern_admin;


--
-- Name: FUNCTION is_combination_allowed(company text, posting_combination_id numeric); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.is_combination_allowed(company text, posting_combination_id numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.is_combination_allowed(company text, posting_combination_id numeric) TO postern_user;
GRANT ALL ON FUNCTION postern.is_combination_allowed(company text, posting_combination_id numeric) TO postern_admin;


--
-- Name: FUNCTION is_allowed(company text, posting_combination_id numeric); Type: ACL; Schema: authorize_comb_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) TO postern_user;
GRANT ALL ON FUNCTION authorize_comb_finance_api.is_allowed(company text, posting_combination_id numeric) TO postern_admin;


--
-- Name: FUNCTION is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_user;
GRANT ALL ON FUNCTION postern.is_code_string_allowed(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_admin;


--
-- Name: FUNCTION is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: ACL; Schema: authorize_comb_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) FROM PUBLIC;
GRANT ALL ON FUNCTION authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_user;
GRANT ALL ON FUNCTION authorize_comb_finance_api.is_allowed_codestring(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_admin;


--
-- Name: FUNCTION get_fnd_user(); Type: ACL; Schema: fnd_session_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION fnd_session_api.get_fnd_user() FROM PUBLIC;
GRANT ALL ON FUNCTION fnd_session_api.get_fnd_user() TO postern_user;
GRANT ALL ON FUNCTION fnd_session_api.get_fnd_user() TO postern_admin;


--
-- Name: FUNCTION is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) TO postern_user;
GRANT ALL ON FUNCTION postern.is_ledger_combination_allowed(company text, ledger_id text, posting_combination_id numeric) TO postern_admin;


--
-- Name: FUNCTION is_allowed(company text, ledger_id text, posting_combination_id numeric); Type: ACL; Schema: int_led_auth_comb_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) FROM PUBLIC;
GRANT ALL ON FUNCTION int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) TO postern_user;
GRANT ALL ON FUNCTION int_led_auth_comb_finance_api.is_allowed(company text, ledger_id text, posting_combination_id numeric) TO postern_admin;


--
-- Name: FUNCTION add_message_attribute(message text, name text, value text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.add_message_attribute(message text, name text, value text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.add_message_attribute(message text, name text, value text) TO postern_user;
GRANT ALL ON FUNCTION postern.add_message_attribute(message text, name text, value text) TO postern_admin;


--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value boolean); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value boolean) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value boolean) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value boolean) TO postern_admin;


--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value numeric); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value numeric) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value numeric) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value numeric) TO postern_admin;


--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value text) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value text) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value text) TO postern_admin;


--
-- Name: FUNCTION message_timestamp(value timestamp with time zone); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.message_timestamp(value timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.message_timestamp(value timestamp with time zone) TO postern_user;
GRANT ALL ON FUNCTION postern.message_timestamp(value timestamp with time zone) TO postern_admin;


--
-- Name: PROCEDURE add_attribute(INOUT message text, IN name text, IN value timestamp with time zone); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.add_attribute(INOUT message text, IN name text, IN value timestamp with time zone) TO postern_admin;


--
-- Name: FUNCTION check_message_name(name text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.check_message_name(name text) FROM PUBLIC;


--
-- Name: FUNCTION construct_message(name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.construct_message(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.construct_message(name text) TO postern_user;
GRANT ALL ON FUNCTION postern.construct_message(name text) TO postern_admin;


--
-- Name: FUNCTION construct(name text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON FUNCTION message_sys.construct(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION message_sys.construct(name text) TO postern_user;
GRANT ALL ON FUNCTION message_sys.construct(name text) TO postern_admin;


--
-- Name: FUNCTION find_message_attribute(message text, name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.find_message_attribute(message text, name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.find_message_attribute(message text, name text) TO postern_user;
GRANT ALL ON FUNCTION postern.find_message_attribute(message text, name text) TO postern_admin;


--
-- Name: FUNCTION find_attribute(message text, name text, default_value text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON FUNCTION message_sys.find_attribute(message text, name text, default_value text) FROM PUBLIC;
GRANT ALL ON FUNCTION message_sys.find_attribute(message text, name text, default_value text) TO postern_user;
GRANT ALL ON FUNCTION message_sys.find_attribute(message text, name text, default_value text) TO postern_admin;


--
-- Name: FUNCTION message_attributes(message text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.message_attributes(message text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.message_attributes(message text) TO postern_user;
GRANT ALL ON FUNCTION postern.message_attributes(message text) TO postern_admin;


--
-- Name: FUNCTION get_attributes(message text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON FUNCTION message_sys.get_attributes(message text) FROM PUBLIC;
GRANT ALL ON FUNCTION message_sys.get_attributes(message text) TO postern_user;
GRANT ALL ON FUNCTION message_sys.get_attributes(message text) TO postern_admin;


--
-- Name: FUNCTION message_name(message text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.message_name(message text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.message_name(message text) TO postern_user;
GRANT ALL ON FUNCTION postern.message_name(message text) TO postern_admin;


--
-- Name: FUNCTION get_name(message text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON FUNCTION message_sys.get_name(message text) FROM PUBLIC;
GRANT ALL ON FUNCTION message_sys.get_name(message text) TO postern_user;
GRANT ALL ON FUNCTION message_sys.get_name(message text) TO postern_admin;


--
-- Name: FUNCTION replace_message_attribute(message text, name text, replacement text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.replace_message_attribute(message text, name text, replacement text) FROM PUBLIC;


--
-- Name: FUNCTION remove_message_attribute(message text, name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.remove_message_attribute(message text, name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.remove_message_attribute(message text, name text) TO postern_user;
GRANT ALL ON FUNCTION postern.remove_message_attribute(message text, name text) TO postern_admin;


--
-- Name: PROCEDURE remove_attribute(INOUT message text, IN name text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.remove_attribute(INOUT message text, IN name text) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.remove_attribute(INOUT message text, IN name text) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.remove_attribute(INOUT message text, IN name text) TO postern_admin;


--
-- Name: FUNCTION set_message_attribute(message text, name text, value text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_message_attribute(message text, name text, value text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_message_attribute(message text, name text, value text) TO postern_user;
GRANT ALL ON FUNCTION postern.set_message_attribute(message text, name text, value text) TO postern_admin;


--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value boolean); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value boolean) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value boolean) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value boolean) TO postern_admin;


--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value numeric); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value numeric) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value numeric) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value numeric) TO postern_admin;


--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value text); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value text) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value text) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value text) TO postern_admin;


--
-- Name: PROCEDURE set_attribute(INOUT message text, IN name text, IN value timestamp with time zone); Type: ACL; Schema: message_sys; Owner: postern_owner
--

REVOKE ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone) FROM PUBLIC;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone) TO postern_user;
GRANT ALL ON PROCEDURE message_sys.set_attribute(INOUT message text, IN name text, IN value timestamp with time zone) TO postern_admin;


--
-- Name: FUNCTION add_authority_combination(company text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.add_authority_combination(company text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.add_authority_combination(company text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_admin;


--
-- Name: FUNCTION add_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.add_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.add_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) TO postern_admin;


--
-- Name: FUNCTION add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.add_ledger_combination(company text, ledger_id text, class text, allowed boolean, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_admin;


--
-- Name: FUNCTION allow_login(db_role name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.allow_login(db_role name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.allow_login(db_role name) TO postern_admin;


--
-- Name: FUNCTION append_leaves(log_ids bigint[], hashes bytea[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.append_leaves(log_ids bigint[], hashes bytea[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.append_leaves(log_ids bigint[], hashes bytea[]) TO postern_sealer;


--
-- Name: FUNCTION assume_user(userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.assume_user(userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.assume_user(userid text) TO postern_trusted_app;


--
-- Name: FUNCTION assume_user(userid text, ticket uuid); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.assume_user(userid text, ticket uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.assume_user(userid text, ticket uuid) TO postern_trusted_app;


--
-- Name: FUNCTION authenticate(challenge text, username text, response text, comment text, scheme text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.authenticate(challenge text, username text, response text, comment text, scheme text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.authenticate(challenge text, username text, response text, comment text, scheme text) TO postern_user;


--
-- Name: FUNCTION before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) TO postern_admin;
GRANT ALL ON FUNCTION postern.before_protection(relation regclass, OUT enabled boolean, OUT forced boolean, OUT policies text[], OUT permitted boolean) TO postern_auditor;


--
-- Name: FUNCTION begin_action(action text, parameters jsonb); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.begin_action(action text, parameters jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.begin_action(action text, parameters jsonb) TO postern_user;


--
-- Name: FUNCTION begin_sealing(confirmed_timeline bigint, confirmed_database text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.begin_sealing(confirmed_timeline bigint, confirmed_database text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.begin_sealing(confirmed_timeline bigint, confirmed_database text) TO postern_sealer;


--
-- Name: FUNCTION begin_session(token text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.begin_session(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.begin_session(token text) TO postern_app;


--
-- Name: FUNCTION begin_session(token text, ticket uuid); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.begin_session(token text, ticket uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.begin_session(token text, ticket uuid) TO postern_app;


--
-- Name: FUNCTION bypassing_functions(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.bypassing_functions() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.bypassing_functions() TO postern_admin;
GRANT ALL ON FUNCTION postern.bypassing_functions() TO postern_auditor;


--
-- Name: FUNCTION call_event_function(name text, lease uuid, log_id bigint, version text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.call_event_function(name text, lease uuid, log_id bigint, version text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.call_event_function(name text, lease uuid, log_id bigint, version text) TO postern_event_worker;


--
-- Name: FUNCTION cancel(challenge text, comment text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.cancel(challenge text, comment text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.cancel(challenge text, comment text) TO postern_user;


--
-- Name: FUNCTION challenge(gate_id text, parameters jsonb); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.challenge(gate_id text, parameters jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.challenge(gate_id text, parameters jsonb) TO postern_user;


--
-- Name: FUNCTION change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.change_authority_combinations(company text, ledger_id text, class text, added jsonb, removed bigint[]) TO postern_admin;


--
-- Name: FUNCTION change_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.change_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.change_event_action(name text, event text, kind text, target text, condition text, template text, allow_internal boolean) TO postern_admin;


--
-- Name: FUNCTION check_allowed_login(role name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.check_allowed_login(role name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.check_allowed_login(role name) TO postern_admin;
GRANT ALL ON FUNCTION postern.check_allowed_login(role name) TO postern_sealer;
GRANT ALL ON FUNCTION postern.check_allowed_login(role name) TO postern_event_worker;
GRANT ALL ON FUNCTION postern.check_allowed_login(role name) TO postern_trusted_app;


--
-- Name: FUNCTION checkpoint(gate_id text, parameters jsonb); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.checkpoint(gate_id text, parameters jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.checkpoint(gate_id text, parameters jsonb) TO postern_user;


--
-- Name: FUNCTION claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.claim_event_deliveries(name text, maximum integer, lease uuid, lease_seconds integer, due_from timestamp with time zone) TO postern_event_worker;


--
-- Name: FUNCTION compile_authority_maps(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.compile_authority_maps() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.compile_authority_maps() TO postern_admin;


--
-- Name: FUNCTION conditions_once_a_query(policy oid, functions oid[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.conditions_once_a_query(policy oid, functions oid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.conditions_once_a_query(policy oid, functions oid[]) TO postern_admin;
GRANT ALL ON FUNCTION postern.conditions_once_a_query(policy oid, functions oid[]) TO postern_auditor;


--
-- Name: FUNCTION confirm_event_timeline(timeline bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.confirm_event_timeline(timeline bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.confirm_event_timeline(timeline bigint) TO postern_event_worker;


--
-- Name: FUNCTION create_authority_class(company text, class text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_authority_class(company text, class text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_authority_class(company text, class text) TO postern_admin;


--
-- Name: FUNCTION create_company(company text, name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_company(company text, name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_company(company text, name text) TO postern_admin;


--
-- Name: FUNCTION create_ledger(company text, ledger_id text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_ledger(company text, ledger_id text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_ledger(company text, ledger_id text) TO postern_admin;


--
-- Name: FUNCTION create_ledger_class(company text, ledger_id text, class text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_ledger_class(company text, ledger_id text, class text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_ledger_class(company text, ledger_id text, class text) TO postern_admin;


--
-- Name: FUNCTION create_log_partitions(maximum_moved bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_log_partitions(maximum_moved bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_log_partitions(maximum_moved bigint) TO postern_admin;
GRANT ALL ON FUNCTION postern.create_log_partitions(maximum_moved bigint) TO postern_sealer;


--
-- Name: FUNCTION create_session_key(kid text, secret bytea); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_session_key(kid text, secret bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_session_key(kid text, secret bytea) TO postern_admin;


--
-- Name: FUNCTION create_user(userid text, description text, db_role name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.create_user(userid text, description text, db_role name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.create_user(userid text, description text, db_role name) TO postern_admin;


--
-- Name: FUNCTION disable_gone_event_action(name text, target text, reason text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.disable_gone_event_action(name text, target text, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.disable_gone_event_action(name text, target text, reason text) TO postern_event_worker;


--
-- Name: FUNCTION disallow_login(db_role name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.disallow_login(db_role name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.disallow_login(db_role name) TO postern_admin;


--
-- Name: FUNCTION drop_log(before timestamp with time zone, timeout interval); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.drop_log(before timestamp with time zone, timeout interval) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.drop_log(before timestamp with time zone, timeout interval) TO postern_admin;


--
-- Name: FUNCTION enable_event_action(name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.enable_event_action(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.enable_event_action(name text) TO postern_admin;


--
-- Name: FUNCTION end_sealing(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.end_sealing() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.end_sealing() TO postern_sealer;


--
-- Name: FUNCTION explain_access(userid text, company text, posting_combination_id numeric, ledger_id text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.explain_access(userid text, company text, posting_combination_id numeric, ledger_id text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.explain_access(userid text, company text, posting_combination_id numeric, ledger_id text, OUT allowed boolean, OUT reason text, OUT class text, OUT combination_id bigint, OUT code_part text, OUT pattern text, OUT value text) TO postern_admin;


--
-- Name: FUNCTION finding_detail(detail text, code text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.finding_detail(detail text, code text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.finding_detail(detail text, code text) TO postern_admin;
GRANT ALL ON FUNCTION postern.finding_detail(detail text, code text) TO postern_auditor;


--
-- Name: FUNCTION finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.finish_event_deliveries(name text, lease uuid, log_ids bigint[], outcomes text[], delays double precision[], errors text[]) TO postern_event_worker;


--
-- Name: FUNCTION functions_per_row(policy oid); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.functions_per_row(policy oid) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.functions_per_row(policy oid) TO postern_admin;
GRANT ALL ON FUNCTION postern.functions_per_row(policy oid) TO postern_auditor;


--
-- Name: FUNCTION log_gaps(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.log_gaps() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.log_gaps() TO postern_admin;
GRANT ALL ON FUNCTION postern.log_gaps() TO postern_auditor;


--
-- Name: FUNCTION look_alike_users(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.look_alike_users() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.look_alike_users() TO postern_admin;
GRANT ALL ON FUNCTION postern.look_alike_users() TO postern_auditor;


--
-- Name: FUNCTION policy_condition(policy oid, is_check boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.policy_condition(policy oid, is_check boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.policy_condition(policy oid, is_check boolean) TO postern_admin;
GRANT ALL ON FUNCTION postern.policy_condition(policy oid, is_check boolean) TO postern_auditor;


--
-- Name: FUNCTION printable_statement(statement text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.printable_statement(statement text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.printable_statement(statement text) TO postern_admin;
GRANT ALL ON FUNCTION postern.printable_statement(statement text) TO postern_auditor;


--
-- Name: FUNCTION protectable_types(argument text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.protectable_types(argument text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.protectable_types(argument text) TO postern_admin;
GRANT ALL ON FUNCTION postern.protectable_types(argument text) TO postern_auditor;


--
-- Name: FUNCTION protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) TO postern_admin;
GRANT ALL ON FUNCTION postern.protection_condition(relation regclass, protection text, company_column name, combination_column name, ledger_column name, OUT using_expression text, OUT check_expression text) TO postern_auditor;


--
-- Name: FUNCTION redundant_words(message text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.redundant_words(message text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.redundant_words(message text) TO postern_admin;
GRANT ALL ON FUNCTION postern.redundant_words(message text) TO postern_auditor;


--
-- Name: FUNCTION refuse_truncate(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.refuse_truncate() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.refuse_truncate() TO postern_admin;


--
-- Name: FUNCTION row_security_holes(server_version integer); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.row_security_holes(server_version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.row_security_holes(server_version integer) TO postern_admin;
GRANT ALL ON FUNCTION postern.row_security_holes(server_version integer) TO postern_auditor;


--
-- Name: FUNCTION same_condition(stored text, wanted text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.same_condition(stored text, wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.same_condition(stored text, wanted text) TO postern_admin;
GRANT ALL ON FUNCTION postern.same_condition(stored text, wanted text) TO postern_auditor;


--
-- Name: FUNCTION server_finding(version integer); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.server_finding(version integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.server_finding(version integer) TO postern_admin;
GRANT ALL ON FUNCTION postern.server_finding(version integer) TO postern_auditor;


--
-- Name: FUNCTION unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) TO postern_admin;
GRANT ALL ON FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) TO postern_auditor;
GRANT ALL ON FUNCTION postern.unqueued_events(name text, OUT entries bigint, OUT oldest timestamp with time zone) TO postern_event_worker;


--
-- Name: FUNCTION waiting_upkeep(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.waiting_upkeep() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.waiting_upkeep() TO postern_admin;
GRANT ALL ON FUNCTION postern.waiting_upkeep() TO postern_auditor;
GRANT ALL ON FUNCTION postern.waiting_upkeep() TO postern_sealer;
GRANT ALL ON FUNCTION postern.waiting_upkeep() TO postern_event_worker;


--
-- Name: TABLE posting_combination; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.posting_combination TO postern_user;
GRANT SELECT ON TABLE postern.posting_combination TO postern_admin;
GRANT REFERENCES ON TABLE postern.posting_combination TO postern_admin WITH GRANT OPTION;


--
-- Name: TABLE catalog_findings; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.catalog_findings TO postern_admin;
GRANT SELECT ON TABLE postern.catalog_findings TO postern_auditor;


--
-- Name: FUNCTION gate_findings(callers jsonb); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.gate_findings(callers jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.gate_findings(callers jsonb) TO postern_admin;
GRANT ALL ON FUNCTION postern.gate_findings(callers jsonb) TO postern_auditor;


--
-- Name: FUNCTION gate_fingerprint(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.gate_fingerprint() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.gate_fingerprint() TO postern_admin;
GRANT ALL ON FUNCTION postern.gate_fingerprint() TO postern_auditor;


--
-- Name: FUNCTION grant_company(userid text, company text, is_default boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.grant_company(userid text, company text, is_default boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.grant_company(userid text, company text, is_default boolean) TO postern_admin;


--
-- Name: FUNCTION grant_ledger(company text, ledger_id text, userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.grant_ledger(company text, ledger_id text, userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.grant_ledger(company text, ledger_id text, userid text) TO postern_admin;


--
-- Name: FUNCTION highest_log_id(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.highest_log_id() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.highest_log_id() TO postern_auditor;
GRANT ALL ON FUNCTION postern.highest_log_id() TO postern_sealer;


--
-- Name: FUNCTION is_company_user(company text, userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.is_company_user(company text, userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.is_company_user(company text, userid text) TO postern_user;
GRANT ALL ON FUNCTION postern.is_company_user(company text, userid text) TO postern_admin;


--
-- Name: FUNCTION is_current_company_user(company text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.is_current_company_user(company text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.is_current_company_user(company text) TO postern_user;
GRANT ALL ON FUNCTION postern.is_current_company_user(company text) TO postern_admin;


--
-- Name: FUNCTION jsonb_to_message(name text, object jsonb); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.jsonb_to_message(name text, object jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.jsonb_to_message(name text, object jsonb) TO postern_user;
GRANT ALL ON FUNCTION postern.jsonb_to_message(name text, object jsonb) TO postern_admin;


--
-- Name: FUNCTION keep_gate_reading(fingerprint text, callers jsonb); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.keep_gate_reading(fingerprint text, callers jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.keep_gate_reading(fingerprint text, callers jsonb) TO postern_admin;


--
-- Name: FUNCTION leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) TO postern_auditor;
GRANT ALL ON FUNCTION postern.leaf_log_ids(first_leaf bigint, OUT lowest bigint, OUT highest bigint) TO postern_sealer;


--
-- Name: FUNCTION lock_settings(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.lock_settings() FROM PUBLIC;


--
-- Name: FUNCTION require_allowed_login(role name, other_role name); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_allowed_login(role name, other_role name) FROM PUBLIC;


--
-- Name: FUNCTION lock_configuration(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.lock_configuration() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.lock_configuration() TO postern_admin;


--
-- Name: FUNCTION log_records(lowest bigint[], highest bigint[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.log_records(lowest bigint[], highest bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.log_records(lowest bigint[], highest bigint[]) TO postern_auditor;
GRANT ALL ON FUNCTION postern.log_records(lowest bigint[], highest bigint[]) TO postern_sealer;


--
-- Name: FUNCTION maintain(maximum_time interval); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.maintain(maximum_time interval) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.maintain(maximum_time interval) TO postern_admin;
GRANT ALL ON FUNCTION postern.maintain(maximum_time interval) TO postern_sealer;
GRANT ALL ON FUNCTION postern.maintain(maximum_time interval) TO postern_event_worker;


--
-- Name: FUNCTION message_to_jsonb(message text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.message_to_jsonb(message text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.message_to_jsonb(message text) TO postern_user;
GRANT ALL ON FUNCTION postern.message_to_jsonb(message text) TO postern_admin;


--
-- Name: FUNCTION open_gates(ticket text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.open_gates(ticket text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.open_gates(ticket text) TO postern_user;


--
-- Name: FUNCTION open_gates(ticket uuid); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.open_gates(ticket uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.open_gates(ticket uuid) TO postern_user;


--
-- Name: FUNCTION open_parents(relations regclass[], policy name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.open_parents(relations regclass[], policy name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.open_parents(relations regclass[], policy name) TO postern_admin;


--
-- Name: FUNCTION open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot) TO postern_auditor;
GRANT ALL ON FUNCTION postern.open_unsealed_records(lowest_transaction_ids xid8[], highest_transaction_ids xid8[], seen_by pg_snapshot) TO postern_sealer;


--
-- Name: FUNCTION posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_user;
GRANT ALL ON FUNCTION postern.posting_combination_id(company text, code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) TO postern_admin;


--
-- Name: FUNCTION protect_company(target regclass, company_column name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.protect_company(target regclass, company_column name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.protect_company(target regclass, company_column name) TO postern_admin;


--
-- Name: FUNCTION protect_ledger(target regclass, company_column name, combination_column name, ledger_column name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.protect_ledger(target regclass, company_column name, combination_column name, ledger_column name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.protect_ledger(target regclass, company_column name, combination_column name, ledger_column name) TO postern_admin;


--
-- Name: FUNCTION protectable_tables(target regclass, with_parent boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.protectable_tables(target regclass, with_parent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.protectable_tables(target regclass, with_parent boolean) TO postern_admin;


--
-- Name: FUNCTION protecting_tables(relation regclass); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.protecting_tables(relation regclass) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.protecting_tables(relation regclass) TO postern_admin;


--
-- Name: FUNCTION put_policy(relation regclass, policy name, using_expression text, check_expression text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.put_policy(relation regclass, policy name, using_expression text, check_expression text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.put_policy(relation regclass, policy name, using_expression text, check_expression text) TO postern_admin;


--
-- Name: FUNCTION receipts(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.receipts() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.receipts() TO postern_user;


--
-- Name: FUNCTION record_head(tree_size bigint, root_hash bytea, note text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.record_head(tree_size bigint, root_hash bytea, note text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.record_head(tree_size bigint, root_hash bytea, note text) TO postern_sealer;


--
-- Name: FUNCTION record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.record_log_export(since timestamp with time zone, until timestamp with time zone, tree_size bigint) TO postern_sealer;


--
-- Name: FUNCTION record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.record_protection(target regclass, protection text, company_column name, combination_column name, ledger_column name) TO postern_admin;


--
-- Name: FUNCTION register_action(action text, checkpoint text, legacy_checkpoints text[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.register_action(action text, checkpoint text, legacy_checkpoints text[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.register_action(action text, checkpoint text, legacy_checkpoints text[]) TO postern_admin;


--
-- Name: FUNCTION register_gate(gate_id text, description text, message text, parameters text[], active boolean, bound_parameters text[], exclusive boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.register_gate(gate_id text, description text, message text, parameters text[], active boolean, bound_parameters text[], exclusive boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.register_gate(gate_id text, description text, message text, parameters text[], active boolean, bound_parameters text[], exclusive boolean) TO postern_admin;


--
-- Name: FUNCTION register_scheme(scheme text, verify_function regprocedure); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.register_scheme(scheme text, verify_function regprocedure) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.register_scheme(scheme text, verify_function regprocedure) TO postern_admin;


--
-- Name: FUNCTION remove_action(action text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.remove_action(action text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.remove_action(action text) TO postern_admin;


--
-- Name: FUNCTION remove_authority_combination(id bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.remove_authority_combination(id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.remove_authority_combination(id bigint) TO postern_admin;


--
-- Name: FUNCTION remove_event_action(name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.remove_event_action(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.remove_event_action(name text) TO postern_admin;


--
-- Name: FUNCTION require_company_user(company text, userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.require_company_user(company text, userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.require_company_user(company text, userid text) TO postern_user;
GRANT ALL ON FUNCTION postern.require_company_user(company text, userid text) TO postern_admin;


--
-- Name: FUNCTION require_protectable_column(target regclass, argument text, column_name name, types regtype[]); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.require_protectable_column(target regclass, argument text, column_name name, types regtype[]) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.require_protectable_column(target regclass, argument text, column_name name, types regtype[]) TO postern_admin;


--
-- Name: FUNCTION reset_pin(userid text, new_pin text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.reset_pin(userid text, new_pin text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.reset_pin(userid text, new_pin text) TO postern_admin;


--
-- Name: FUNCTION resolve_userid(userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.resolve_userid(userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.resolve_userid(userid text) TO postern_admin;
GRANT ALL ON FUNCTION postern.resolve_userid(userid text) TO postern_auditor;


--
-- Name: FUNCTION restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.restart_log(lowest_lost bigint, highest_lost bigint, OUT place text, OUT timeline bigint, OUT reused bigint) TO postern_sealer;


--
-- Name: FUNCTION retire_session_key(kid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.retire_session_key(kid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.retire_session_key(kid text) TO postern_admin;


--
-- Name: FUNCTION retry_event_deliveries(name text, log_id bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.retry_event_deliveries(name text, log_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.retry_event_deliveries(name text, log_id bigint) TO postern_admin;


--
-- Name: FUNCTION revoke_company(userid text, company text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.revoke_company(userid text, company text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.revoke_company(userid text, company text) TO postern_admin;


--
-- Name: FUNCTION revoke_ledger(company text, ledger_id text, userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.revoke_ledger(company text, ledger_id text, userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.revoke_ledger(company text, ledger_id text, userid text) TO postern_admin;


--
-- Name: FUNCTION rotate_webhook_secret(name text, overlap_seconds integer); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.rotate_webhook_secret(name text, overlap_seconds integer) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.rotate_webhook_secret(name text, overlap_seconds integer) TO postern_admin;


--
-- Name: FUNCTION sealed_until(); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.sealed_until() FROM PUBLIC;
GRANT ALL ON FUNCTION postern.sealed_until() TO postern_auditor;
GRANT ALL ON FUNCTION postern.sealed_until() TO postern_sealer;


--
-- Name: FUNCTION set_company_name(company text, name text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_company_name(company text, name text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_company_name(company text, name text) TO postern_admin;


--
-- Name: FUNCTION set_event_enabled(event text, enabled boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_event_enabled(event text, enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_event_enabled(event text, enabled boolean) TO postern_admin;


--
-- Name: FUNCTION set_gate_active(gate_id text, active boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_gate_active(gate_id text, active boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_gate_active(gate_id text, active boolean) TO postern_admin;


--
-- Name: FUNCTION set_gate_message(gate_id text, message text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_gate_message(gate_id text, message text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_gate_message(gate_id text, message text) TO postern_admin;


--
-- Name: FUNCTION set_pin(new_pin text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_pin(new_pin text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_pin(new_pin text) TO postern_user;


--
-- Name: FUNCTION set_row_level_security(company text, enabled boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_row_level_security(company text, enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_row_level_security(company text, enabled boolean) TO postern_admin;


--
-- Name: FUNCTION set_scheme_enabled(scheme text, enabled boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_scheme_enabled(scheme text, enabled boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_scheme_enabled(scheme text, enabled boolean) TO postern_admin;


--
-- Name: FUNCTION set_setting(name text, value text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_setting(name text, value text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_setting(name text, value text) TO postern_admin;


--
-- Name: FUNCTION set_user_active(userid text, active boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_user_active(userid text, active boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_user_active(userid text, active boolean) TO postern_admin;


--
-- Name: FUNCTION set_user_authority_class(company text, userid text, class text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_user_authority_class(company text, userid text, class text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_user_authority_class(company text, userid text, class text) TO postern_admin;


--
-- Name: FUNCTION set_user_db_role(userid text, db_role name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_user_db_role(userid text, db_role name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_user_db_role(userid text, db_role name) TO postern_admin;


--
-- Name: FUNCTION set_user_description(userid text, description text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_user_description(userid text, description text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_user_description(userid text, description text) TO postern_admin;


--
-- Name: FUNCTION set_user_ledger_class(company text, ledger_id text, userid text, class text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.set_user_ledger_class(company text, ledger_id text, userid text, class text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.set_user_ledger_class(company text, ledger_id text, userid text, class text) TO postern_admin;


--
-- Name: FUNCTION ticket_status(ticket uuid); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.ticket_status(ticket uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.ticket_status(ticket uuid) TO postern_user;


--
-- Name: FUNCTION unlock_user(userid text); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.unlock_user(userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.unlock_user(userid text) TO postern_admin;


--
-- Name: FUNCTION unprotect(target regclass); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.unprotect(target regclass) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.unprotect(target regclass) TO postern_admin;


--
-- Name: FUNCTION unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) TO postern_auditor;
GRANT ALL ON FUNCTION postern.unsealed_entries(OUT entries bigint, OUT oldest timestamp with time zone) TO postern_sealer;


--
-- Name: FUNCTION user_skeleton(userid text, as_written boolean); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.user_skeleton(userid text, as_written boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.user_skeleton(userid text, as_written boolean) TO postern_admin;
GRANT ALL ON FUNCTION postern.user_skeleton(userid text, as_written boolean) TO postern_auditor;


--
-- Name: FUNCTION validate_constraint(target regclass, constraint_name name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.validate_constraint(target regclass, constraint_name name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.validate_constraint(target regclass, constraint_name name) TO postern_user;
GRANT ALL ON FUNCTION postern.validate_constraint(target regclass, constraint_name name) TO postern_admin;


--
-- Name: FUNCTION verify_entry(log_id bigint); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.verify_entry(log_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.verify_entry(log_id bigint) TO postern_auditor;


--
-- Name: FUNCTION wait_sealed(log_id bigint, timeout interval); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.wait_sealed(log_id bigint, timeout interval) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.wait_sealed(log_id bigint, timeout interval) TO postern_user;


--
-- Name: FUNCTION warn_of_open_parents(target regclass, policy name); Type: ACL; Schema: postern; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern.warn_of_open_parents(target regclass, policy name) FROM PUBLIC;
GRANT ALL ON FUNCTION postern.warn_of_open_parents(target regclass, policy name) TO postern_admin;


--
-- Name: FUNCTION action_setting(content text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.action_setting(content text) FROM PUBLIC;


--
-- Name: FUNCTION add_combination(class_id bigint, allowed boolean, patterns text[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.add_combination(class_id bigint, allowed boolean, patterns text[]) FROM PUBLIC;


--
-- Name: FUNCTION add_log_partitions(maximum_moved bigint, timeout interval); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.add_log_partitions(maximum_moved bigint, timeout interval) FROM PUBLIC;


--
-- Name: FUNCTION append_extents(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.append_extents() FROM PUBLIC;


--
-- Name: FUNCTION approval_gate(action postern_internal.action, parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.approval_gate(action postern_internal.action, parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION bcrypt(secret text, hash text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.bcrypt(secret text, hash text) FROM PUBLIC;


--
-- Name: FUNCTION bcrypt_salt(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.bcrypt_salt() FROM PUBLIC;


--
-- Name: FUNCTION begin_class_change(class_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.begin_class_change(class_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION zeros(bytes bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.zeros(bytes bigint) FROM PUBLIC;


--
-- Name: FUNCTION ones(bits integer, size integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.ones(bits integer, size integer) FROM PUBLIC;


--
-- Name: FUNCTION recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.recent_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean, compiled_offset integer, bits bytea) FROM PUBLIC;


--
-- Name: FUNCTION block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.block_bits(company text, class_id bigint, first_id bigint, size integer, given integer, counted boolean) FROM PUBLIC;


--
-- Name: FUNCTION block_ids(company text, first_id bigint, size integer, given integer, counted boolean); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.block_ids(company text, first_id bigint, size integer, given integer, counted boolean) FROM PUBLIC;


--
-- Name: FUNCTION canonical_moment(quoted text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.canonical_moment(quoted text) FROM PUBLIC;


--
-- Name: FUNCTION canonical_text(parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.canonical_text(parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION challenge_expiry(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.challenge_expiry() FROM PUBLIC;


--
-- Name: FUNCTION check_comment(comment text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.check_comment(comment text) FROM PUBLIC;


--
-- Name: FUNCTION check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.check_gate(gate_id text, action text, INOUT parameters jsonb, OUT message text, OUT asked boolean, OUT nonce text) FROM PUBLIC;


--
-- Name: FUNCTION check_gate_message(message text, names text[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.check_gate_message(message text, names text[]) FROM PUBLIC;


--
-- Name: FUNCTION check_parameters(gate_id text, names text[], parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.check_parameters(gate_id text, names text[], parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION check_protected_table(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.check_protected_table() FROM PUBLIC;


--
-- Name: FUNCTION class_allows(class_id bigint, codes text[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.class_allows(class_id bigint, codes text[]) FROM PUBLIC;


--
-- Name: FUNCTION class_condition(class_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.class_condition(class_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION class_patterns(class_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.class_patterns(class_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION like_pattern(pattern text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.like_pattern(pattern text) FROM PUBLIC;


--
-- Name: FUNCTION code_matches(code text, pattern text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.code_matches(code text, pattern text) FROM PUBLIC;


--
-- Name: FUNCTION code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.code_string(code_a text, code_b text, code_c text, code_d text, code_e text, code_f text, code_g text, code_h text, code_i text, code_j text) FROM PUBLIC;


--
-- Name: FUNCTION combination_id(posting_combination_id numeric); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.combination_id(posting_combination_id numeric) FROM PUBLIC;


--
-- Name: FUNCTION combination_is_allowed(company text, class_id bigint, posting_combination_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.combination_is_allowed(company text, class_id bigint, posting_combination_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION compile_blocks(class_id bigint, company text, from_id bigint, to_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.compile_blocks(class_id bigint, company text, from_id bigint, to_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION compile_class(class_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.compile_class(class_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.create_challenge(userid text, gate postern_internal.gate, action text, parameters jsonb, message text, expires_at timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION create_class(company text, ledger_id text, class text, built_in boolean); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.create_class(company text, ledger_id text, class text, built_in boolean) FROM PUBLIC;


--
-- Name: FUNCTION create_webhook_secret(event_action_id integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.create_webhook_secret(event_action_id integer) FROM PUBLIC;


--
-- Name: FUNCTION current_place(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.current_place() FROM PUBLIC;


--
-- Name: FUNCTION decode_base64url(encoded text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.decode_base64url(encoded text) FROM PUBLIC;


--
-- Name: FUNCTION delete_expired_tickets(maximum integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.delete_expired_tickets(maximum integer) FROM PUBLIC;


--
-- Name: FUNCTION deliveries_kept_since(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.deliveries_kept_since() FROM PUBLIC;


--
-- Name: FUNCTION derive_gate_stops(changed_gate_id text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.derive_gate_stops(changed_gate_id text) FROM PUBLIC;


--
-- Name: FUNCTION digest(gate_id text, action text, unbound_parameters text[], parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.digest(gate_id text, action text, unbound_parameters text[], parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION encode_base64url(bytes bytea); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.encode_base64url(bytes bytea) FROM PUBLIC;


--
-- Name: FUNCTION encode_field(value text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.encode_field(value text) FROM PUBLIC;


--
-- Name: FUNCTION event_document(log_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.event_document(log_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION event_function(name text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.event_function(name text) FROM PUBLIC;


--
-- Name: FUNCTION event_function_version(callee regprocedure); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.event_function_version(callee regprocedure) FROM PUBLIC;


--
-- Name: FUNCTION event_is_waiting(event_action_id integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.event_is_waiting(event_action_id integer) FROM PUBLIC;


--
-- Name: FUNCTION event_session_settings(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.event_session_settings() FROM PUBLIC;


--
-- Name: FUNCTION event_snapshot(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.event_snapshot() FROM PUBLIC;


--
-- Name: FUNCTION expire_tickets(userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.expire_tickets(userid text) FROM PUBLIC;


--
-- Name: FUNCTION find_action(action text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.find_action(action text) FROM PUBLIC;


--
-- Name: FUNCTION find_ticket(ticket uuid); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.find_ticket(ticket uuid) FROM PUBLIC;


--
-- Name: FUNCTION fold_posting_combinations(after_id bigint, OUT first_id bigint, OUT is_folded boolean); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.fold_posting_combinations(after_id bigint, OUT first_id bigint, OUT is_folded boolean) FROM PUBLIC;


--
-- Name: FUNCTION fold_userid(userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.fold_userid(userid text) FROM PUBLIC;


--
-- Name: FUNCTION gate_caller(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_caller(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION gate_is_active(gate_id text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_is_active(gate_id text) FROM PUBLIC;


--
-- Name: FUNCTION gate_late(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_late(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION gate_not_called(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_not_called(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION gate_not_registered(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_not_registered(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION gate_swallowed(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_swallowed(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION gate_unreadable(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_unreadable(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION guard_log_partition(partition regclass); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.guard_log_partition(partition regclass) FROM PUBLIC;


--
-- Name: FUNCTION hash_pin(pin text, hash text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.hash_pin(pin text, hash text) FROM PUBLIC;


--
-- Name: FUNCTION hmac_pad(secret bytea, filler integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.hmac_pad(secret bytea, filler integer) FROM PUBLIC;


--
-- Name: FUNCTION in_unapproved_action(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.in_unapproved_action() FROM PUBLIC;


--
-- Name: FUNCTION internal_ledger_part(userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.internal_ledger_part(userid text) FROM PUBLIC;


--
-- Name: FUNCTION is_code(value text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.is_code(value text) FROM PUBLIC;


--
-- Name: FUNCTION is_date_of_year(digits text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.is_date_of_year(digits text) FROM PUBLIC;


--
-- Name: FUNCTION is_message_name(name text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.is_message_name(name text) FROM PUBLIC;


--
-- Name: FUNCTION is_moved(recorded postern_internal.place); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.is_moved(recorded postern_internal.place) FROM PUBLIC;


--
-- Name: FUNCTION session_value(secret bytea, userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.session_value(secret bytea, userid text) FROM PUBLIC;


--
-- Name: FUNCTION is_proven(setting text, secret bytea); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.is_proven(setting text, secret bytea) FROM PUBLIC;


--
-- Name: FUNCTION is_verify_function(candidate regprocedure); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.is_verify_function(candidate regprocedure) FROM PUBLIC;


--
-- Name: FUNCTION last_given_log_id(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.last_given_log_id() FROM PUBLIC;


--
-- Name: FUNCTION salted_field(salt uuid, log_id bigint, number bytea, value bytea); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.salted_field(salt uuid, log_id bigint, number bytea, value bytea) FROM PUBLIC;


--
-- Name: FUNCTION leaf_data(entry postern_internal.checkpoint_entry); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.leaf_data(entry postern_internal.checkpoint_entry) FROM PUBLIC;


--
-- Name: FUNCTION leaf_hash(entry postern_internal.checkpoint_entry); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.leaf_hash(entry postern_internal.checkpoint_entry) FROM PUBLIC;


--
-- Name: FUNCTION lock_log(mode text, timeout interval, VARIADIC tables regclass[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.lock_log(mode text, timeout interval, VARIADIC tables regclass[]) FROM PUBLIC;


--
-- Name: FUNCTION log_months(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.log_months() FROM PUBLIC;


--
-- Name: FUNCTION merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.merge_tail(class_id bigint, company text, first_id bigint, size integer, compiled_offset integer, bits bytea) FROM PUBLIC;


--
-- Name: FUNCTION message_object(pairs text[], level integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.message_object(pairs text[], level integer) FROM PUBLIC;


--
-- Name: FUNCTION message_template(message text, names text[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.message_template(message text, names text[]) FROM PUBLIC;


--
-- Name: FUNCTION missing_log_months(maximum_moved bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.missing_log_months(maximum_moved bigint) FROM PUBLIC;


--
-- Name: FUNCTION new_combination(company text, posting_combination_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.new_combination(company text, posting_combination_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION new_combination_company(posting_combination_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.new_combination_company(posting_combination_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION new_uuid(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.new_uuid() FROM PUBLIC;


--
-- Name: FUNCTION object_to_message(name text, object jsonb, level integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.object_to_message(name text, object jsonb, level integer) FROM PUBLIC;


--
-- Name: FUNCTION open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.open_block(company text, OUT first_id bigint, OUT size integer, OUT given integer, OUT counted boolean) FROM PUBLIC;


--
-- Name: FUNCTION parse_message(message text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.parse_message(message text) FROM PUBLIC;


--
-- Name: FUNCTION pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.pass_exclusive_gate(gate postern_internal.gate, action text, message text, parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION pass_gate(gate_id text, parameters jsonb, action text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.pass_gate(gate_id text, parameters jsonb, action text) FROM PUBLIC;


--
-- Name: FUNCTION pin_weakness(userid text, pin text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.pin_weakness(userid text, pin text) FROM PUBLIC;


--
-- Name: FUNCTION place_text(place postern_internal.place); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.place_text(place postern_internal.place) FROM PUBLIC;


--
-- Name: FUNCTION prune_event_deliveries(maximum integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.prune_event_deliveries(maximum integer) FROM PUBLIC;


--
-- Name: FUNCTION queue_event_deliveries(event_action_id integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.queue_event_deliveries(event_action_id integer) FROM PUBLIC;


--
-- Name: FUNCTION raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.raise_checkpoint_required(gate_id text, userid text, message text, parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION raise_ticket_invalid(reason text, explanation text, fields jsonb, message text, hint text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.raise_ticket_invalid(reason text, explanation text, fields jsonb, message text, hint text) FROM PUBLIC;


--
-- Name: FUNCTION read_challenge(challenge text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.read_challenge(challenge text) FROM PUBLIC;


--
-- Name: FUNCTION refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_action(action text, gate postern_internal.gate, message text, parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION refuse_change(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_change() FROM PUBLIC;


--
-- Name: FUNCTION refuse_long_parameters(size integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_long_parameters(size integer) FROM PUBLIC;


--
-- Name: FUNCTION refuse_pin(reason text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_pin(reason text) FROM PUBLIC;


--
-- Name: FUNCTION refuse_read_only(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_read_only() FROM PUBLIC;


--
-- Name: FUNCTION refuse_ticket(ticket uuid); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_ticket(ticket uuid) FROM PUBLIC;


--
-- Name: FUNCTION refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.refuse_unhandled(gate postern_internal.gate, message text, parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION reject_message(message text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.reject_message(message text) FROM PUBLIC;


--
-- Name: FUNCTION require_administrable_class(class_id bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_administrable_class(class_id bigint) FROM PUBLIC;


--
-- Name: FUNCTION require_administrable_gate(gate_id text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_administrable_gate(gate_id text) FROM PUBLIC;


--
-- Name: FUNCTION require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_approval(gate postern_internal.gate, action text, userid text, message text, parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION require_class(company text, ledger_id text, class text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_class(company text, ledger_id text, class text) FROM PUBLIC;


--
-- Name: FUNCTION require_code(value text, argument text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_code(value text, argument text) FROM PUBLIC;


--
-- Name: FUNCTION require_company(company text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_company(company text) FROM PUBLIC;


--
-- Name: FUNCTION require_db_role(db_role name); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_db_role(db_role name) FROM PUBLIC;


--
-- Name: FUNCTION require_event(event text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_event(event text) FROM PUBLIC;


--
-- Name: FUNCTION require_event_action(name text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_event_action(name text) FROM PUBLIC;


--
-- Name: FUNCTION require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_event_receiver(event text, kind text, target text, condition text, template text, allow_internal boolean) FROM PUBLIC;


--
-- Name: FUNCTION require_fresh_log_ids(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_fresh_log_ids() FROM PUBLIC;


--
-- Name: FUNCTION require_gate_callers(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_gate_callers(callers jsonb) FROM PUBLIC;


--
-- Name: FUNCTION require_ledger(company text, ledger_id text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_ledger(company text, ledger_id text) FROM PUBLIC;


--
-- Name: FUNCTION require_patterns(patterns text[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_patterns(patterns text[]) FROM PUBLIC;


--
-- Name: FUNCTION require_rate(setting text, used integer, since timestamp with time zone); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_rate(setting text, used integer, since timestamp with time zone) FROM PUBLIC;


--
-- Name: FUNCTION require_sealing_place(confirmed_timeline bigint, confirmed_database text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_sealing_place(confirmed_timeline bigint, confirmed_database text) FROM PUBLIC;


--
-- Name: FUNCTION require_text(value text, argument text, maximum integer); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_text(value text, argument text, maximum integer) FROM PUBLIC;


--
-- Name: FUNCTION require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_timeline(recorded bigint, here bigint, confirmed bigint, command text, page text) FROM PUBLIC;


--
-- Name: FUNCTION require_user(userid text, code text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.require_user(userid text, code text) FROM PUBLIC;


--
-- Name: FUNCTION restored_log_id(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.restored_log_id() FROM PUBLIC;


--
-- Name: FUNCTION rule_matches(codes text[], patterns text[]); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.rule_matches(codes text[], patterns text[]) FROM PUBLIC;


--
-- Name: FUNCTION run_event_function(name text, event jsonb); Type: ACL; Schema: postern_internal; Owner: postern_event_function
--

REVOKE ALL ON FUNCTION postern_internal.run_event_function(name text, event jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION postern_internal.run_event_function(name text, event jsonb) TO postern_owner;


--
-- Name: FUNCTION session_setting(userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.session_setting(userid text) FROM PUBLIC;


--
-- Name: FUNCTION setting_boolean(name text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.setting_boolean(name text) FROM PUBLIC;


--
-- Name: FUNCTION setting_integer(name text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.setting_integer(name text) FROM PUBLIC;


--
-- Name: FUNCTION settle_event_actions(event text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.settle_event_actions(event text) FROM PUBLIC;


--
-- Name: FUNCTION sign_challenge(content text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.sign_challenge(content text) FROM PUBLIC;


--
-- Name: FUNCTION stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.stale_block(class_id bigint, company text, OUT first_id bigint, OUT size integer, OUT ids integer, OUT compiled_offset integer, OUT bits bytea) FROM PUBLIC;


--
-- Name: FUNCTION substitute(message_template text, names text[], parameters jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.substitute(message_template text, names text[], parameters jsonb) FROM PUBLIC;


--
-- Name: FUNCTION tickets_kept_since(); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.tickets_kept_since() FROM PUBLIC;


--
-- Name: FUNCTION tree_root(tree_size bigint); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.tree_root(tree_size bigint) FROM PUBLIC;


--
-- Name: FUNCTION use_ticket(ticket uuid, userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.use_ticket(ticket uuid, userid text) FROM PUBLIC;


--
-- Name: FUNCTION user_bounds(userid text); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.user_bounds(userid text) FROM PUBLIC;


--
-- Name: FUNCTION verify_response(verify_function regprocedure, userid text, response text, challenge jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.verify_response(verify_function regprocedure, userid text, response text, challenge jsonb) FROM PUBLIC;


--
-- Name: FUNCTION register(gate_id text, info_msg text); Type: ACL; Schema: sec_checkpoint_gate_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION sec_checkpoint_gate_api.register(gate_id text, info_msg text) FROM PUBLIC;
GRANT ALL ON FUNCTION sec_checkpoint_gate_api.register(gate_id text, info_msg text) TO postern_admin;


--
-- Name: FUNCTION security_checkpoint(gate_id text, msg text); Type: ACL; Schema: security_sys; Owner: postern_owner
--

REVOKE ALL ON FUNCTION security_sys.security_checkpoint(gate_id text, msg text) FROM PUBLIC;
GRANT ALL ON FUNCTION security_sys.security_checkpoint(gate_id text, msg text) TO postern_user;


--
-- Name: FUNCTION exist(company text, userid text); Type: ACL; Schema: user_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION user_finance_api.exist(company text, userid text) FROM PUBLIC;
GRANT ALL ON FUNCTION user_finance_api.exist(company text, userid text) TO postern_user;
GRANT ALL ON FUNCTION user_finance_api.exist(company text, userid text) TO postern_admin;


--
-- Name: FUNCTION exist_current_user(company text); Type: ACL; Schema: user_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION user_finance_api.exist_current_user(company text) FROM PUBLIC;
GRANT ALL ON FUNCTION user_finance_api.exist_current_user(company text) TO postern_user;
GRANT ALL ON FUNCTION user_finance_api.exist_current_user(company text) TO postern_admin;


--
-- Name: FUNCTION is_allowed(company text); Type: ACL; Schema: user_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION user_finance_api.is_allowed(company text) FROM PUBLIC;
GRANT ALL ON FUNCTION user_finance_api.is_allowed(company text) TO postern_user;
GRANT ALL ON FUNCTION user_finance_api.is_allowed(company text) TO postern_admin;


--
-- Name: FUNCTION is_authorized(company text); Type: ACL; Schema: user_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION user_finance_api.is_authorized(company text) FROM PUBLIC;
GRANT ALL ON FUNCTION user_finance_api.is_authorized(company text) TO postern_user;
GRANT ALL ON FUNCTION user_finance_api.is_authorized(company text) TO postern_admin;


--
-- Name: FUNCTION is_user_authorized(company text); Type: ACL; Schema: user_finance_api; Owner: postern_owner
--

REVOKE ALL ON FUNCTION user_finance_api.is_user_authorized(company text) FROM PUBLIC;
GRANT ALL ON FUNCTION user_finance_api.is_user_authorized(company text) TO postern_user;
GRANT ALL ON FUNCTION user_finance_api.is_user_authorized(company text) TO postern_admin;


--
-- Name: TABLE action; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.action TO postern_admin;
GRANT SELECT ON TABLE postern.action TO postern_auditor;


--
-- Name: TABLE allowed_login; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.allowed_login TO postern_admin;
GRANT SELECT ON TABLE postern.allowed_login TO postern_auditor;


--
-- Name: TABLE authority_class; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.authority_class TO postern_admin;
GRANT SELECT ON TABLE postern.authority_class TO postern_auditor;


--
-- Name: TABLE authority_combination; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.authority_combination TO postern_admin;
GRANT SELECT ON TABLE postern.authority_combination TO postern_auditor;


--
-- Name: TABLE checkpoint_log; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.checkpoint_log TO postern_auditor;
GRANT SELECT ON TABLE postern.checkpoint_log TO postern_sealer;


--
-- Name: TABLE company; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.company TO postern_user;
GRANT SELECT ON TABLE postern.company TO postern_admin;
GRANT SELECT ON TABLE postern.company TO postern_auditor;


--
-- Name: TABLE user_finance_auth_pub; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.user_finance_auth_pub TO PUBLIC;


--
-- Name: TABLE company_finance_auth; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.company_finance_auth TO PUBLIC;


--
-- Name: TABLE company_finance_auth1; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.company_finance_auth1 TO PUBLIC;


--
-- Name: TABLE company_finance_auth_pub; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.company_finance_auth_pub TO PUBLIC;


--
-- Name: TABLE company_user; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.company_user TO postern_admin;
GRANT SELECT ON TABLE postern.company_user TO postern_auditor;


--
-- Name: TABLE doctor; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.doctor TO postern_admin;
GRANT SELECT ON TABLE postern.doctor TO postern_auditor;


--
-- Name: TABLE dual; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.dual TO postern_user;
GRANT SELECT ON TABLE postern.dual TO postern_admin;
GRANT SELECT ON TABLE postern.dual TO postern_auditor;


--
-- Name: TABLE event_action; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.event_action TO postern_admin;
GRANT SELECT ON TABLE postern.event_action TO postern_event_worker;


--
-- Name: TABLE event; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.event TO postern_admin;
GRANT SELECT ON TABLE postern.event TO postern_auditor;


--
-- Name: TABLE event_delivery; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.event_delivery TO postern_admin;
GRANT SELECT ON TABLE postern.event_delivery TO postern_auditor;


--
-- Name: TABLE event_worker_action; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.event_worker_action TO postern_event_worker;


--
-- Name: TABLE gate; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.gate TO postern_admin;
GRANT SELECT ON TABLE postern.gate TO postern_auditor;


--
-- Name: TABLE ledger; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.ledger TO postern_admin;
GRANT SELECT ON TABLE postern.ledger TO postern_auditor;


--
-- Name: TABLE ledger_user; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.ledger_user TO postern_admin;
GRANT SELECT ON TABLE postern.ledger_user TO postern_auditor;


--
-- Name: TABLE log_head; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.log_head TO postern_auditor;
GRANT SELECT ON TABLE postern.log_head TO postern_sealer;


--
-- Name: TABLE log_leaf; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.log_leaf TO postern_auditor;
GRANT SELECT ON TABLE postern.log_leaf TO postern_sealer;


--
-- Name: TABLE protected_table; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT,INSERT,DELETE ON TABLE postern.protected_table TO postern_admin;
GRANT SELECT ON TABLE postern.protected_table TO postern_auditor;


--
-- Name: TABLE protection_fault; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.protection_fault TO postern_admin;
GRANT SELECT ON TABLE postern.protection_fault TO postern_auditor;


--
-- Name: TABLE scheme; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.scheme TO postern_admin;
GRANT SELECT ON TABLE postern.scheme TO postern_auditor;


--
-- Name: TABLE session_key; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.session_key TO postern_admin;
GRANT SELECT ON TABLE postern.session_key TO postern_auditor;


--
-- Name: TABLE setting; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.setting TO postern_admin;
GRANT SELECT ON TABLE postern.setting TO postern_auditor;


--
-- Name: TABLE user_account; Type: ACL; Schema: postern; Owner: postern_owner
--

GRANT SELECT ON TABLE postern.user_account TO postern_admin;


--
-- Name: FUNCTION gate_not_referenced(callers jsonb); Type: ACL; Schema: postern_internal; Owner: postern_owner
--

REVOKE ALL ON FUNCTION postern_internal.gate_not_referenced(callers jsonb) FROM PUBLIC;


--
-- PostgreSQL database dump complete
--


