create or replace view postern.authority_combination as
  select r.rule_id, c.company, c.ledger_id, c.class, r.allowed,
         r.patterns[1] as code_a,
         r.patterns[2] as code_b,
         r.patterns[3] as code_c,
         r.patterns[4] as code_d,
         r.patterns[5] as code_e,
         r.patterns[6] as code_f,
         r.patterns[7] as code_g,
         r.patterns[8] as code_h,
         r.patterns[9] as code_i,
         r.patterns[10] as code_j
    from postern_internal.authority_combination as r
    join postern_internal.authority_class as c on c.class_id = r.class_id;
revoke all on postern.authority_combination from public;
grant select on postern.authority_combination to postern_admin, postern_auditor;
comment on view postern.authority_combination is 'The rules of authority classes: one pattern for each code part. Not allowed always wins; what no rule allows is not allowed. rule_id: for postern.remove_authority_combination.';
