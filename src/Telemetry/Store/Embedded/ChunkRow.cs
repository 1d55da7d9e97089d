using Microsoft.Data.Sqlite;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>A row of a day file, without its data.</summary>
/// <param name="Id">Ascending in the order of writing.</param>
/// <param name="Part">Which group of series.</param>
/// <param name="First">Earliest time.</param>
/// <param name="Last">Latest time.</param>
/// <param name="Samples">Of all series.</param>
/// <param name="Series">How many have samples in it.</param>
/// <param name="Crc">CRC-32C of all the others and the data.</param>
internal readonly record struct ChunkRow(long Id, int Part, long First, long Last, int Samples, int Series, uint Crc)
{
    /// <summary>Samples a series, on average, below which a row is joined with others soon.</summary>
    private const int ShortSamples = 64;

    /// <summary>Samples a series, on average, from which a row is never written again.</summary>
    private const int FullSamples = 1024;

    public bool IsShort => Samples < (long)Series * ShortSamples;

    public bool IsFull => Samples >= (long)Series * FullSamples;

    /// <summary>A number that tells this row from others.</summary>
    public long Digest => unchecked((long)((ulong)Crc32C.Of([], [Id, Part, First, Last, Samples, Series, Crc]) * 0x9e37_79b9_7f4a_7c15));

    public static ChunkRow Of(long id, int part, long first, long last, int samples, int series, ReadOnlySpan<byte> data) =>
        new(id, part, first, last, samples, series, Crc32C.Of(data, [id, part, first, last, samples, series]));

    /// <summary>From the first seven columns of the table.</summary>
    public static ChunkRow Read(SqliteDataReader row) => checked(
        new ChunkRow(row.GetInt64(0), (int)row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), (int)row.GetInt64(4), (int)row.GetInt64(5), (uint)row.GetInt64(6)));

    public bool Fits(ReadOnlySpan<byte> data) => Of(Id, Part, First, Last, Samples, Series, data).Crc == Crc;
}
