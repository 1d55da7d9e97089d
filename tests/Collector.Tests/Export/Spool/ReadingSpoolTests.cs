using System.Diagnostics;
using NetPulse.Collector.Export;
using NetPulse.Collector.Export.Spool;
using NetPulse.Collector.Sampling;
using NetPulse.Hosting;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Export.Spool;

/// <summary>On a real disk.</summary>
public sealed class ReadingSpoolTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-spool-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task What_was_not_sent_is_sent_after_a_restart_once_and_in_order()
    {
        await using var store = await TestStore.StartAsync();
        await using (var before = new ExportBench(Options(), ExportBench.To(store)))
        {
            await before.RunAsync();
            before.Take(1);
            Wait.Until(() => store.Stored.Count == 1);
            before.Until(() => before.Counted("netpulse_export_sent_samples_total") > 0);
        }

        await using (var away = new ExportBench(Options(), ExportBench.To(store)))
        {
            away.Take(2, 3, 4);
            away.Spool.WriteToDisk();
        }

        await using var after = new ExportBench(Options(), ExportBench.To(store));
        after.Take(5);
        await after.RunAsync();
        Wait.Until(() => store.Stored.Count >= 5);
        Assert.Equal([1, 2, 3, 4, 5], store.Values);
    }

    [Fact]
    public async Task A_reading_comes_back_from_the_disk_as_it_was()
    {
        await using var bench = new ExportBench(Options(memoryReadings: 4), Anywhere());
        var taken = new List<Reading>();
        for (var i = 0; i < 40; i++)
        {
            taken.Add(Sized(bench, series: 50, seed: i));
            bench.Spool.Take(taken[^1]);
            bench.Spool.WriteToDisk();
        }

        using var reader = bench.Spool.ReaderOf("store");
        for (var i = 0; i < 40; i++)
        {
            var found = reader.Read(i)!;
            Assert.Equal(i, found.Number);
            Assert.Equal(taken[i].At, found.Reading.At);
            Assert.Equal(taken[i].Samples(), found.Reading.Samples());
            Assert.Equal(taken[i].Families.Select(family => (family.Metric.Name, family.Metric.Kind, family.Metric.Unit, family.Metric.Help)), found.Reading.Families.Select(family => (family.Metric.Name, family.Metric.Kind, family.Metric.Unit, family.Metric.Help)));
        }

        Assert.Null(reader.Read(40));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(200)]
    public async Task A_torn_end_costs_the_last_reading_alone_and_is_counted(int cutBytes)
    {
        await WriteAsync(5);
        var file = Segments().Single();
        using (var stream = File.OpenWrite(file))
        {
            stream.SetLength(stream.Length - cutBytes);
        }

        await using var after = new ExportBench(Options(), Anywhere());
        using var reader = after.Spool.ReaderOf("store");
        Assert.Equal([0, 1, 2, 3], All(reader).Select(one => one.Number));
        Assert.True(after.Counted("netpulse_export_spool_damaged_bytes_total") > 0);
        Assert.Single(after.Log.Lines, line => line.Contains("not whole", StringComparison.Ordinal));

        // Numbers go on, so that nothing new is taken for what was there.
        after.Take(7);
        Assert.Equal(4, reader.Read(4)!.Number);
    }

    [Fact]
    public async Task Whatever_stands_in_the_files_the_start_succeeds_and_what_is_whole_is_read()
    {
        var random = new Random(7);
        await WriteAsync(20);
        var whole = File.ReadAllBytes(Segments().Single());
        for (var round = 0; round < 200; round++)
        {
            var damaged = whole.ToArray();
            for (var i = 0; i <= random.Next(4); i++)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(Segments().Single(), damaged[..random.Next(1, damaged.Length)]);
            await using (var after = new ExportBench(Options(), Anywhere()))
            {
                using var reader = after.Spool.ReaderOf("store");
                var numbers = All(reader).Select(one => one.Number).ToList();
                Assert.Equal(numbers.Order().Distinct(), numbers);
            }

            File.WriteAllBytes(Path.Combine(directory, $"{0:D19}.spool"), whole);
        }
    }

    [Fact]
    public async Task Its_size_is_bounded_the_oldest_gives_way_and_is_counted()
    {
        var options = Options(memoryReadings: 4);
        options.MaxBytes = 1 << 20;
        await using var bench = new ExportBench(options, Anywhere());
        var samples = 0L;
        const int Readings = 300;
        for (var i = 0; i < Readings; i++)
        {
            bench.Spool.Take(Sized(bench, series: 1000, seed: i));
            bench.Spool.WriteToDisk();
            samples += 1000;
            Assert.True(Segments().Sum(file => new FileInfo(file).Length) <= options.MaxBytes + (128 << 10), "it grew");
        }

        using var reader = bench.Spool.ReaderOf("store");
        var left = All(reader);
        Assert.Equal(Readings - 1, left[^1].Number);
        Assert.True(left.Count < Readings, "nothing gave way");
        Assert.Equal(samples, (left.Count * 1000L) + bench.Counted("netpulse_export_overflowed_samples_total", "store"));
        Assert.Single(bench.Log.Lines, line => line.Contains("given up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_too_old_is_given_up_and_counted()
    {
        var options = Options();
        options.MaxAge = TimeSpan.FromMinutes(5);
        await using var bench = new ExportBench(options, Anywhere());
        bench.Take(1, 2, 3);
        bench.Spool.WriteToDisk();
        bench.Clock.Advance(TimeSpan.FromMinutes(10));
        bench.Take(4);
        using var reader = bench.Spool.ReaderOf("store");
        Assert.Equal(3, reader.Read(0)!.Number);
        Assert.Equal(3, bench.Counted("netpulse_export_overflowed_samples_total", "store"));
    }

    [KernelFact]
    public async Task A_full_disk_costs_the_oldest_is_named_once_and_recovers()
    {
        using var disk = new SmallDisk(directory, "1m");
        var options = Options(memoryReadings: 4);
        options.MaxBytes = 1 << 30;
        await using var bench = new ExportBench(options, Anywhere());
        for (var i = 0; i < 200; i++)
        {
            bench.Spool.Take(Sized(bench, series: 1000, seed: i));
            bench.Spool.WriteToDisk();
        }

        Assert.True(bench.Counted("netpulse_export_overflowed_samples_total", "store") > 0, "nothing gave way");
        Assert.InRange(bench.Log.Lines.Count(line => line.Contains("disk is full", StringComparison.Ordinal)), 1, 100);
        using var reader = bench.Spool.ReaderOf("store");
        var left = All(reader);
        Assert.Equal(199, left[^1].Number);
        Assert.Equal(200_000, (left.Count * 1000L) + bench.Counted("netpulse_export_overflowed_samples_total", "store"));

        // Everything was sent: the files go, and what comes next finds room again.
        reader.MoveTo(199);
        bench.Take(1);
        bench.Spool.WriteToDisk();
        Assert.Equal(200, reader.Read(200)!.Number);
        Assert.Contains("takes readings again", bench.Log.Lines[^1], StringComparison.Ordinal);
    }

    [KernelFact]
    public async Task A_disk_full_of_other_things_costs_nothing_that_memory_holds()
    {
        using var disk = new SmallDisk(directory, "256k");
        File.WriteAllBytes(Path.Combine(directory, "other"), new byte[200 << 10]);
        await using var bench = new ExportBench(Options(memoryReadings: 6), Anywhere());
        for (var i = 0; i < 10; i++)
        {
            bench.Spool.Take(Sized(bench, series: 5000, seed: i));
            bench.Spool.WriteToDisk();
        }

        using var reader = bench.Spool.ReaderOf("store");
        Assert.Equal([4, 5, 6, 7, 8, 9], All(reader).Select(one => one.Number));
        Assert.Equal(20_000, bench.Counted("netpulse_export_overflowed_samples_total", "store"));
        Assert.Equal(10, bench.Counted("netpulse_export_spool_write_failures_total"));
        Assert.Single(bench.Log.Lines, line => line.Contains("disk is full", StringComparison.Ordinal));

        File.Delete(Path.Combine(directory, "other"));
        File.Delete(Path.Combine(directory, "store.cursor"));
        bench.Take(1);
        bench.Spool.WriteToDisk();
        Assert.Single(bench.Log.Lines, line => line.Contains("takes readings again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_trouble_nothing_is_read_from_disk_and_files_do_not_stay()
    {
        await using var store = await TestStore.StartAsync();
        var options = Options();
        options.MaxBytes = 1 << 20;
        await using var bench = new ExportBench(options, ExportBench.To(store));
        await bench.RunAsync();
        for (var i = 1; i <= 50; i++)
        {
            bench.Spool.Take(Sized(bench, series: 500, seed: i));
            bench.Spool.WriteToDisk();
            Wait.Until(() => store.Stored.Count == i * 500);
        }

        Assert.True(Segments().Count <= 3, $"{Segments().Count} files stay");
    }

    [Fact]
    public async Task Two_processes_cannot_have_one_spool()
    {
        await using var first = new ExportBench(Options(), Anywhere());
        Assert.Contains("export.spool.directory", Assert.Throws<StartRefusedException>(() => new ExportBench(Options(), Anywhere())).Message, StringComparison.Ordinal);
    }

    private static DestinationOptions Anywhere() => new() { Name = "store", Url = "http://localhost/" };

    private static List<NumberedReading> All(SpoolReader reader)
    {
        var all = new List<NumberedReading>();
        while (reader.Read(all.Count == 0 ? 0 : all[^1].Number + 1) is { } found)
        {
            all.Add(found);
        }

        return all;
    }

    private static Reading Sized(ExportBench bench, int series, int seed)
    {
        var random = new Random(seed);
        var writer = new SampleWriter(bench.Clock.GetUtcNow());
        for (var i = 0; i < series; i++)
        {
            writer.Write(TcpMetrics.IoBytes, LabelSet.Of(TcpMetrics.IoBytes.Name, ("pod", $"pod-{i}"), ("node", "a node")), random.NextDouble());
        }

        return new Reading(writer.At, writer.Families());
    }

    private SpoolOptions Options(int memoryReadings = 30) => new() { Directory = directory, MemoryReadings = memoryReadings };

    private List<string> Segments() => [.. Directory.EnumerateFiles(directory, "*.spool")];

    private async Task WriteAsync(int readings)
    {
        await using var bench = new ExportBench(Options(), Anywhere());
        for (var i = 0; i < readings; i++)
        {
            bench.Spool.Take(Sized(bench, series: 100, seed: i));
        }

        bench.Spool.WriteToDisk();
    }

    /// <summary>A file system of its own, which is soon full.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string at;

        public SmallDisk(string at, string size)
        {
            this.at = at;
            Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", at);
        }

        public void Dispose() => Run("umount", "-l", at);

        private static void Run(string command, params string[] arguments)
        {
            using var process = Process.Start(command, arguments);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }
}
