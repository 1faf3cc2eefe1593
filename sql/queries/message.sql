-- name: MessageToJSON :one
-- An IFS Message as a JSON object.
select postern.message_to_jsonb(@message);

-- name: JSONToMessage :one
-- An IFS Message with a header and the attributes of a JSON object.
select postern.jsonb_to_message(@name, @attributes);

-- name: ConstructMessage :one
-- Message_SYS.Construct: a new IFS Message, without attributes.
select message_sys.construct(@name);

-- name: AddMessageAttribute :one
-- Message_SYS.Add_Attribute: the message with one more attribute at its end. A value may be a message.
select postern.add_message_attribute(@message, @name, @value);

-- name: SetMessageAttribute :one
-- Message_SYS.Set_Attribute: the message with the attribute's value replaced, or the attribute added at the end.
select postern.set_message_attribute(@message, @name, @value);

-- name: RemoveMessageAttribute :one
-- Message_SYS.Remove_Attribute: the message without the attribute.
select postern.remove_message_attribute(@message, @name);

-- name: FindMessageAttribute :one
-- Message_SYS.Find_Attribute: the value of an attribute, or default_value if the message has no such attribute.
select message_sys.find_attribute(@message, @name, @default_value);

-- name: MessageName :one
-- Message_SYS.Get_Name: the name in the header of the message.
select message_sys.get_name(@message);

-- name: MessageAttributes :many
-- Message_SYS.Get_Attributes: the attributes in their order.
select a.position::integer as position, a.name::text as name, a.value::text as value
  from message_sys.get_attributes(@message) as a
 order by a.position;
