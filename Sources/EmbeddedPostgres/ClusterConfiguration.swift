import Foundation
import SystemPackage
import SystemUsers

/// The three files the server reads at its start, as texts.
struct ClusterConfiguration: Sendable, Equatable {
    let postgresql: String
    let hostBasedAuthentication: String
    let identities: String

    /// - Parameter settings: further lines of postgresql.conf; they win over the ones given here.
    init(cluster: Cluster, settings: [String: String]) {
        let fixed: [(String, String)] = [
            ("data_directory", cluster.directory.string),
            ("hba_file", cluster.hostBasedAuthenticationFile.string),
            ("ident_file", cluster.identitiesFile.string),
            ("cluster_name", cluster.name),
            ("listen_addresses", ""),
            ("port", String(SocketDirectory.port)),
            ("unix_socket_directories", cluster.sockets.path.string),
            ("unix_socket_permissions", "0700"),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            ("log_line_prefix", "%m [%p] "),
            ("log_checkpoints", "off"),
            // Statements and the values they failed on may hold secrets.
            ("log_min_error_statement", "panic"),
            ("log_error_verbosity", "terse"),
            ("max_connections", "100"),
            ("shared_buffers", "64MB"),
            ("max_wal_size", "512MB"),
            ("jit", "off"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
        ]
        let lines = fixed + settings.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        postgresql =
            "# Written by qkron at every start; changes are lost.\n"
            + lines.map { "\($0) = \(Self.quoted($1))\n" }.joined()
        hostBasedAuthentication = "local all qkron,postgres peer map=qkron\n"
        // Root can do anything with the files anyway.
        let systemUsers = Set([cluster.user.name, SystemUser.name(of: geteuid()), SystemUser.name(of: 0)]).sorted()
        identities = systemUsers.flatMap { user in
            ["qkron", "postgres"].map { "qkron \"\(user)\" \($0)\n" }
        }.joined()
    }

    private static func quoted(_ value: String) -> String {
        "'" + value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "'", with: "''") + "'"
    }
}
