using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace NetPulse.Store.Benchmarks;

/// <summary>The figures as a page of Markdown, with what they were measured on.</summary>
internal static class StoreReport
{
    public static string Of(IReadOnlyDictionary<string, StoreFigures> figures, string loadBefore)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # The embedded store beside others

            {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, commit {Commit()}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}; load average {loadBefore} before and {Load()} after, so trust CPU seconds
            and ratios of one run rather than milliseconds. Written by `make bench-store`: {Workload.Samples:n0} samples for each store, {Workload.HourSeries:n0} series over an hour and {Workload.DaySeries} over a day, every 15 s,
            the servers by requests of 2,500 series with four samples each. Memory is the highest of the whole run, queries included.
            netpulse-hour-in-log has settings that keep the whole hour in its log and in memory, for what a start after a crash takes at worst; as it is set otherwise, a log holds
            half a million samples or 15 minutes of them.

            | Store | M samples a CPU second | bytes a sample | (a) ms | (b) ms | (c) ms | MiB before queries | MiB | start after kill -9, s |
            |---|---|---|---|---|---|---|---|---|
            """);
        foreach (var (name, one) in figures)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {one.IngestSamplesPerCpuSecond / 1e6:f2} | {one.BytesPerSample:f2} | {one.QueryAMilliseconds:f0} "
                + $"| {one.QueryBMilliseconds:f0} | {one.QueryCMilliseconds:f0} | {one.ResidentBeforeQueriesMebibytes:f0} | {one.ResidentMebibytes:f0} | {one.StartAfterKillSeconds:f1} |");
        }

        return text.ToString();
    }

    /// <summary>The one-minute load average.</summary>
    public static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Commit()
    {
        using var git = Process.Start(new ProcessStartInfo("/usr/bin/git", ["describe", "--always", "--dirty"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }
}
