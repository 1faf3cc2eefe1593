-- name: MessageToJSON :one
-- An IFS Message as a JSON object.
select postern.message_to_jsonb(@message);

-- name: JSONToMessage :one
-- An IFS Message with a header and the attributes of a JSON object.
select postern.jsonb_to_message(@name, @attributes);
