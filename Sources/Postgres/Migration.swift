/// One step of the schema. Once it has landed anywhere it is never edited.
package struct Migration: Sendable {
    /// 1, 2, 3, … without gaps.
    package let number: Int
    /// What it is called in the table of landed migrations.
    package let name: String
    /// The statements, run together in one transaction.
    package let sql: String

    /// Describes a step; `Migrator` checks the numbers.
    package init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }
}

/// Why a database cannot be migrated.
package enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The numbers given are not 1, 2, 3, ….
    case misnumbered(expected: Int, found: Int)
    /// The database lacks a migration before its newest one.
    case gap(missing: Int)
    /// A landed migration is not the one given.
    case changed(number: Int, name: String)
    /// A newer binary has migrated the database.
    case newerDatabase(version: Int, known: Int)

    /// One sentence for a person.
    package var description: String {
        switch self {
        case .misnumbered(let expected, let found):
            "Migration \(found) stands where migration \(expected) should."
        case .gap(let missing):
            "This database lacks migration \(missing), though later ones have landed."
        case .changed(let number, let name):
            "Migration \(number) (\(name)) differs from the one that landed in this database."
        case .newerDatabase(let version, let known):
            """
            This database was migrated to version \(version) by a newer qkron; this one knows up to \(known). \
            Upgrade the binary.
            """
        }
    }
}
