using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Embedded.RollUps;

namespace NetPulse.Store.Benchmarks;

/// <summary>Days whose samples are gone and whose roll-ups are left, written into a store's directory as its keeper writes them, without the samples' way through the log.</summary>
/// <remarks>
/// Each day every sample of one node is made and rolled up; each node of the fleet gets these roll-ups under its own labels. Nothing in a file of roll-ups is told by
/// another series (<see cref="RollUpGroup"/>), so that they take what the samples of as many different nodes would.
/// </remarks>
internal static class PastDays
{
    /// <summary>As in a day's file.</summary>
    private const int GroupSeries = 256;

    /// <param name="options">The store's; nobody has it open.</param>
    /// <param name="labels">Of every node's series, a node after the other.</param>
    /// <param name="values">Goes on from day to day.</param>
    /// <param name="from">The first day.</param>
    /// <param name="days">How many.</param>
    public static void Write(EmbeddedStoreOptions options, LabelSet[] labels, NodeValues values, DateOnly from, int days)
    {
        using var directory = StoreDirectory.Open(options.Directory);
        using var meter = new StoreMeter();
        var damaged = new DamagedFiles(directory, meter, NullLogger.Instance);
        using var fiveMinutes = new RollUpArchive(directory, damaged, RollUpLength.FiveMinutes, options.RollUpAge);
        using var hours = new RollUpArchive(directory, damaged, RollUpLength.Hour, options.HourlyRollUpAge);
        for (var i = 0; i < days; i++)
        {
            var day = from.AddDays(i);
            var shorter = values.Day(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero))
                .Select(static one => RollUpMaker.Of(one.UnixMilliseconds, one.Values, RollUpLength.FiveMinutes, withSketches: true)).ToArray();
            if (days - i <= options.RollUpAge.TotalDays)
            {
                Write(fiveMinutes, day, labels, shorter);
            }

            Write(hours, day, labels, [.. shorter.Select(static one => RollUpMaker.Longer(one, RollUpLength.Hour, withSketches: true))]);
            if (i % 7 == 0)
            {
                Console.Error.WriteLine($"{day:O}: {i} of {days} days");
            }
        }
    }

    private static void Write(RollUpArchive to, DateOnly day, LabelSet[] labels, IReadOnlyList<RollUp>[] ofNode)
    {
        using var addition = to.Add(day, segment: 1);
        foreach (var group in labels.Select((one, i) => new RolledSeries(one, ofNode[i % ofNode.Length])).Chunk(GroupSeries))
        {
            addition.Write(group);
        }

        addition.Commit();
    }
}
