-- name: SetSetting :exec
-- Changes a setting.
select postern.set_setting(@name, @value);
