/// A type of the server: its OID, the OID of its arrays, and its name for messages.
package struct PostgresType: Sendable, Hashable {
    /// The OID, fixed for built-in types.
    package let oid: UInt32
    /// The OID of arrays of this type; 0 when it has none that this room writes.
    package let arrayOID: UInt32
    /// The name as SQL writes it.
    package let name: String

    static let bool = PostgresType(oid: 16, arrayOID: 1000, name: "boolean")
    static let bytea = PostgresType(oid: 17, arrayOID: 1001, name: "bytea")
    static let int8 = PostgresType(oid: 20, arrayOID: 1016, name: "bigint")
    static let int2 = PostgresType(oid: 21, arrayOID: 1005, name: "smallint")
    static let int4 = PostgresType(oid: 23, arrayOID: 1007, name: "integer")
    static let text = PostgresType(oid: 25, arrayOID: 1009, name: "text")
    static let json = PostgresType(oid: 114, arrayOID: 199, name: "json")
    static let float4 = PostgresType(oid: 700, arrayOID: 1021, name: "real")
    static let float8 = PostgresType(oid: 701, arrayOID: 1022, name: "double precision")
    static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185, name: "timestamp with time zone")
    static let uuid = PostgresType(oid: 2950, arrayOID: 2951, name: "uuid")
    static let jsonb = PostgresType(oid: 3802, arrayOID: 3807, name: "jsonb")
    static let name = PostgresType(oid: 19, arrayOID: 1003, name: "name")
    static let bpchar = PostgresType(oid: 1042, arrayOID: 1014, name: "character")
    static let varchar = PostgresType(oid: 1043, arrayOID: 1015, name: "character varying")
    static let timestamp = PostgresType(oid: 1114, arrayOID: 1115, name: "timestamp without time zone")
    static let numeric = PostgresType(oid: 1700, arrayOID: 1231, name: "numeric")
    static let unknown = PostgresType(oid: 705, arrayOID: 0, name: "unknown")

    /// The array type of this type. Arrays of arrays have none: its OID is 0, and the server is never asked.
    package var array: PostgresType { PostgresType(oid: arrayOID, arrayOID: 0, name: name + "[]") }

    private static let known: [PostgresType] = [
        .bool, .bytea, .int8, .int2, .int4, .text, .json, .float4, .float8, .timestamptz, .uuid, .jsonb, .name,
        .bpchar, .varchar, .timestamp, .numeric, .unknown,
    ]

    private static let names: [UInt32: String] = {
        var names: [UInt32: String] = [1082: "date", 1083: "time", 1186: "interval", 2278: "void", 2249: "record"]
        for type in known {
            names[type.oid] = type.name
            if type.arrayOID != 0 { names[type.arrayOID] = type.array.name }
        }
        return names
    }()

    static func name(ofOID oid: UInt32) -> String {
        names[oid] ?? "type with OID \(oid)"
    }
}
