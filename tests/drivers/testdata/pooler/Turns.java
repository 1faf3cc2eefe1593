// Two clients of one pooler take turns with pgjdbc: Turns [OPTION]

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;

final class Turns {
	public static void main(String[] arguments) throws SQLException {
		String url = System.getenv("JDBC_URL") + (arguments.length > 0 ? "&" + arguments[0] : "");
		Connection[] clients = {DriverManager.getConnection(url), DriverManager.getConnection(url)};
		for (int turn = 0; turn < 24; turn++) {
			Connection client = clients[turn % 2];
			client.setAutoCommit(false);
			try (var session = client.prepareStatement("select postern.assume_user(?)")) {
				session.setString(1, "ALICE");
				session.execute();
			}
			try (var work = client.prepareStatement("select postern.current_userid(), ?::integer")) {
				work.setInt(1, turn);
				try (var row = work.executeQuery()) {
					row.next();
					if (!row.getString(1).equals("ALICE") || row.getInt(2) != turn) {
						throw new IllegalStateException(row.getString(1) + " " + row.getInt(2));
					}
				}
			}
			client.commit();
		}
		for (Connection client : clients) {
			client.close();
		}
	}
}
