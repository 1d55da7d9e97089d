using Microsoft.Data.Sqlite;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>A SQLite database of ours: how it is made, opened and used, and what its failures mean.</summary>
/// <remarks>
/// What is used within <see cref="Guarded"/> throws <see cref="InvalidDataException"/> when the file is damaged, and <see cref="SampleStoreException"/> when the
/// disk refuses. Safe for use by several threads; a closed file does nothing.
/// </remarks>
internal sealed class SqliteFile : IDisposable
{
    public const string JournalExtension = "-journal";
    public const string UnfinishedExtension = ".new";

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private byte[] buffer = [];
    private bool closed;

    private SqliteFile(string path)
    {
        Path = path;
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
    }

    public string Path { get; }

    /// <summary>Makes the file under another name first, so that one with its own name is never half made.</summary>
    /// <param name="path">Where no file is.</param>
    /// <param name="version">Of its format.</param>
    /// <param name="fill">Makes the tables and their first rows.</param>
    /// <exception cref="SampleStoreException">The disk refused.</exception>
    public static void Create(string path, int version, Action<SqliteFile> fill)
    {
        var unfinished = path + UnfinishedExtension;
        try
        {
            File.Delete(unfinished);
            File.WriteAllBytes(unfinished, []);
            using (var file = new SqliteFile(unfinished))
            {
                file.Guarded(() =>
                {
                    file.Connect();
                    using var transaction = file.Begin();
                    fill(file);
                    file.Execute($"PRAGMA user_version = {Stamp(version)}");
                    transaction.Commit();
                });
            }

            File.Move(unfinished, path);
            StoreDirectory.Persist(System.IO.Path.GetDirectoryName(path)!);
        }
        catch (IOException e) when (e is not SampleStoreException)
        {
            throw DiskError.Of($"Make {path}", e);
        }
    }

    /// <param name="path">A file that was made.</param>
    /// <param name="version">Of its format.</param>
    /// <param name="look">Reads what is needed at once.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="SampleStoreException">It is of another version of this program, or could not be read.</exception>
    public static SqliteFile Open(string path, int version, Action<SqliteFile> look)
    {
        var file = new SqliteFile(path);
        try
        {
            file.Guarded(() =>
            {
                if (new FileInfo(path).Length == 0)
                {
                    // to SQLite this is a fine new database; to us it was one, and is lost
                    throw new InvalidDataException($"{path} is empty");
                }

                file.Connect();
                var found = file.Number("PRAGMA user_version");
                if (found != Stamp(version))
                {
                    throw IsStamp(found) ? LogFile.OtherVersion(path) : new InvalidDataException($"{path} has the format {found}, which is none");
                }

                look(file);
            });
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Runs the action alone, unless the file is closed.</summary>
    public void Guarded(Action action)
    {
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            try
            {
                action();
            }
            catch (SqliteException e) when (IsDamage(e))
            {
                throw new InvalidDataException($"{Path}: {e.Message}", e);
            }
            catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_FULL)
            {
                throw DiskError.Full($"Write {Path}", e);
            }
            catch (SqliteException e)
            {
                throw new SampleStoreException($"Use {Path}", $"{e.Message}: check the disk, and who else has the file open", retryable: true, e);
            }
            catch (Exception e) when (e is FormatException or InvalidCastException or InvalidOperationException or ArgumentException or OverflowException)
            {
                // what a row holds is not what the schema says
                throw new InvalidDataException($"{Path}: {e.Message}", e);
            }
        }
    }

    public SqliteTransaction Begin() => connection.BeginTransaction();

    /// <param name="sql">A constant; values are bound.</param>
    public SqliteCommand Command(string sql)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of our own
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }

    public void Execute(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = Command(sql);
        Run(command, values);
    }

    public long Number(string sql)
    {
        using var command = Command(sql);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Reads the column <c>data</c> of a row into a buffer that serves the next row too: an array a row would be most of what a query leaves to the collector.</summary>
    /// <returns>The data, good until the next; empty when there is no such row.</returns>
    public ReadOnlySpan<byte> Data(string table, long id)
    {
        try
        {
            using var blob = new SqliteBlob(connection, table, "data", id, readOnly: true);
            var length = checked((int)blob.Length);
            if (buffer.Length < length)
            {
                buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, buffer.Length * 2));
            }

            blob.ReadExactly(buffer, 0, length);
            return buffer.AsSpan(0, length);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SQLitePCL.raw.SQLITE_ERROR)
        {
            return [];
        }
    }

    /// <summary>Gives back what reading held in memory.</summary>
    public void ReleaseBuffer() => buffer = [];

    public static void Run(SqliteCommand command, params ReadOnlySpan<(string Name, object Value)> values)
    {
        command.Parameters.Clear();
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            connection.Dispose();
        }
    }

    /// <summary>The version and, above it, its complement: a flipped bit is then not taken for another version.</summary>
    private static long Stamp(int version) => (uint)version | ((uint)(~version & 0x7fff) << 16);

    /// <summary>The first version was written without its complement.</summary>
    private static bool IsStamp(long stamp) => stamp == 1 || (stamp >> 16) == (~stamp & 0x7fff);

    private static bool IsDamage(SqliteException e) =>
        e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_FORMAT
            or SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_MISMATCH or SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_TOOBIG
        || e.SqliteExtendedErrorCode is SQLitePCL.raw.SQLITE_IOERR_SHORT_READ or SQLitePCL.raw.SQLITE_READONLY_DBMOVED;

    private void Connect()
    {
        connection.Open();

        // EXTRA: a commit is durable only when the journal's removal is, and the log segment is deleted right after it
        Execute("PRAGMA page_size = 1024; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA cache_size = -1024;");
    }
}
