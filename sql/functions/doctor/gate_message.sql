create or replace view postern_internal.gate_message as
  select 'warn' as level, 'gate_message' as code, 'gate ' || g.gate_id as object,
         'The message repeats what every log entry contains' as title,
         format('%L has: %s.', g.message, postern.redundant_words(g.message)) as detail,
         format('Say what happened and to which business object: select postern.set_gate_message(%L, ...); and use the same message in the registration.', g.gate_id) as fix
    from postern_internal.gate as g
   where not g.built_in and postern.redundant_words(g.message) is not null;
comment on view postern_internal.gate_message is 'Check of postern.doctor: messages of gates with words that postern.redundant_words finds.';
