// Approves an invoice with pgjdbc: java -cp postgresql.jar:gson.jar Approve.java USER INVOICE
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.postgresql.util.PSQLException;

public class Approve {
    interface Work {
        String run(Connection connection) throws Exception;
    }

    record Answer(String username, String pin, String comment) {}

    static final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));

    /** Returns a new token for one transaction of a user. */
    static String token(String user) throws Exception {
        String database = System.getenv("POSTERN_DATABASE"); // its name on the server
        long now = Instant.now().getEpochSecond();
        String signed = encode(Map.of("alg", "HS256", "kid", System.getenv("POSTERN_KEY_ID"))) + "."
                + encode(Map.of("sub", user, "aud", database, "iat", now, "exp", now + 60, "jti", UUID.randomUUID().toString()));
        byte[] key = Files.readAllBytes(Path.of(System.getenv("POSTERN_KEY_FILE"))); // its bytes as they are
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        byte[] signature = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));
        return signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    }

    static String encode(Map<String, ?> part) {
        byte[] text = new Gson().toJson(part).getBytes(StandardCharsets.UTF_8);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text);
    }

    /**
     * Runs work in a transaction of a user, with the gates of the tickets open. It runs work again after a serialization
     * failure or a deadlock: the tickets are still valid.
     */
    static String transaction(Connection connection, String user, List<String> tickets, Work work) throws Exception {
        for (int attempt = 1; ; attempt++) {
            try {
                call(connection, "select postern.begin_session(?)", token(user));
                for (String ticket : tickets) {
                    call(connection, "select postern.open_gates(?::uuid)", ticket);
                }
                String result = work.run(connection);
                connection.commit(); // fails if work has swallowed an error
                return result;
            } catch (Exception failure) {
                connection.rollback();
                boolean again = failure instanceof SQLException error && List.of("40001", "40P01").contains(error.getSQLState());
                if (!again || attempt == 5) {
                    throw failure;
                }
            }
            Thread.sleep(ThreadLocalRandom.current().nextLong(10L << attempt));
        }
    }

    static String call(Connection connection, String statement, String... values) throws SQLException {
        try (PreparedStatement prepared = connection.prepareStatement(statement)) {
            for (int index = 0; index < values.length; index++) {
                prepared.setString(index + 1, values[index]);
            }
            try (ResultSet result = prepared.executeQuery()) {
                return result.next() ? result.getString(1) : null;
            }
        }
    }

    /** Returns what to ask. It shows what the challenge says, because a trigger could raise another DETAIL. */
    static JsonObject question(PSQLException error) {
        JsonObject asked = JsonParser.parseString(error.getServerErrorMessage().getDetail()).getAsJsonObject();
        String signed = asked.get("challenge").getAsString().split("\\.")[0];
        String text = new String(Base64.getUrlDecoder().decode(signed), StandardCharsets.UTF_8);
        JsonParser.parseString(text).getAsJsonObject().entrySet().forEach(member -> asked.add(member.getKey(), member.getValue()));
        return asked;
    }

    static Answer prompt(JsonObject asked) throws Exception { // here: your dialog
        System.out.println(asked.get("message").getAsString());
        String username = asked.get("username").isJsonNull() ? input.readLine() : asked.get("username").getAsString();
        return new Answer(username, input.readLine(), input.readLine());
    }

    /** Runs work, and asks for each approval that it needs. An answer without a PIN cancels. */
    static String run(Connection connection, String user, Work work) throws Exception {
        List<String> tickets = new ArrayList<>();
        while (true) {
            try {
                return transaction(connection, user, tickets, work);
            } catch (PSQLException error) {
                if (!error.getSQLState().equals("PS101")) {
                    throw error;
                }
                JsonObject asked = question(error);
                String challenge = asked.get("challenge").getAsString();
                Answer answer = prompt(asked);
                if (answer.pin() == null || answer.pin().isEmpty()) {
                    transaction(connection, user, List.of(), c -> call(c, "select postern.cancel(?, ?)", challenge, answer.comment()));
                    throw error;
                }
                tickets.add(transaction(connection, user, List.of(), c -> {
                    try (var setting = c.createStatement()) {
                        setting.execute("set local log_parameter_max_length_on_error = 0");
                    }
                    return call(c, "select postern.authenticate(?, ?, ?, ?)", challenge, answer.username(), answer.pin(), answer.comment());
                }));
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = DriverManager.getConnection(System.getenv("JDBC_URL"))) {
            connection.setAutoCommit(false);
            run(connection, arguments[0], c -> call(c, "select public.approve_invoice(?)", arguments[1]));
            System.out.println("Approved.");
        } catch (PSQLException error) {
            System.err.println(error.getSQLState() + " " + error.getServerErrorMessage().getMessage());
            System.exit(1);
        }
    }
}
