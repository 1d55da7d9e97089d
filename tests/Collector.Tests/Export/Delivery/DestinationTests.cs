using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using NetPulse.Collector.Export;
using NetPulse.Collector.Export.Formats;
using NetPulse.Collector.Sampling;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Tests.Export.Delivery;

/// <summary>Against a real HTTP server on loopback that answers as told.</summary>
public sealed class DestinationTests
{
    [Fact]
    public async Task Readings_arrive_in_order_also_when_the_store_fails_in_every_way_in_between()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store));
        store.Answers.Enqueue(TestStore.Status(503));
        store.Answers.Enqueue(TestStore.Status(429));
        store.Answers.Enqueue(TestStore.Cut);
        store.Answers.Enqueue(TestStore.Hang);
        store.Answers.Enqueue(TestStore.Status(401));
        store.Answers.Enqueue(TestStore.Status(404));
        bench.Take(1, 2, 3);
        await bench.RunAsync();
        bench.Until(() => store.Stored.Count == 3, null, store);
        Assert.Equal([1, 2, 3], store.Values);
        bench.UntilCounted(3, "netpulse_export_sent_samples_total", "store");
        bench.UntilCounted(6, "netpulse_export_retries_total", "store");
        bench.UntilCounted(0, "netpulse_export_waiting_readings", "store");
    }

    [Fact]
    public async Task Four_readings_of_a_series_are_one_request_with_four_samples()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store, readings: 4));
        await bench.RunAsync();
        bench.Take(1, 2, 3);
        Assert.Empty(store.Requests);
        bench.Take(4);
        Wait.Until(() => store.Stored.Count == 4);
        Assert.Single(store.Requests);
        Assert.Equal([1, 2, 3, 4], store.Values);
    }

    [Fact]
    public async Task A_reading_waits_for_others_no_longer_than_it_may()
    {
        await using var store = await TestStore.StartAsync();
        var options = ExportBench.To(store, readings: 100);
        options.MaxWait = TimeSpan.FromSeconds(15);
        await using var bench = new ExportBench(null, options);
        await bench.RunAsync();
        bench.Take(1);
        bench.Until(() => store.Stored.Count == 1, TimeSpan.FromSeconds(1), store);
        Assert.Equal([1], store.Values);
    }

    [Fact]
    public async Task What_the_store_refuses_is_dropped_counted_and_named_once_and_costs_no_other_reading()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store, readings: 4));
        // The four together, then the first and the third alone; the next four, then all of them.
        store.Answers.Enqueue(TestStore.Status(400, "out of order sample: time=1"));
        store.Answers.Enqueue(TestStore.Status(400, "out of order sample: time=2"));
        bench.Take(1, 2, 3, 4);
        await bench.RunAsync();
        Wait.Until(() => store.Stored.Count == 3);
        Assert.Equal([2, 3, 4], store.Values);
        bench.UntilCounted(1, "netpulse_export_refused_samples_total", "store");
        foreach (var _ in Enumerable.Range(0, 5))
        {
            store.Answers.Enqueue(TestStore.Status(400, "out of order sample: time=3"));
        }

        bench.Take(5, 6, 7, 8, 9, 10, 11, 12);
        Wait.Until(() => store.Stored.Count == 7);
        Assert.Equal([2, 3, 4, 9, 10, 11, 12], store.Values);
        bench.UntilCounted(5, "netpulse_export_refused_samples_total", "store");
        Assert.Equal(2, bench.Log.Lines.Count(line => line.Contains("dropped", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_store_that_asks_for_time_is_given_it()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store));
        store.Answers.Enqueue(TestStore.Status(429, "slow down", retryAfter: "120"));
        await bench.RunAsync();
        bench.Take(1);
        var asked = bench.Clock.GetUtcNow();
        bench.Until(() => store.Stored.Count == 1, TimeSpan.FromSeconds(1), store);
        Assert.True(bench.Clock.GetUtcNow() - asked >= TimeSpan.FromSeconds(110), "it came back too early");
        Assert.Single(bench.Log.Lines, line => line.Contains("429", StringComparison.Ordinal));
        Wait.Until(() => bench.Log.Lines.Any(line => line.Contains("taken again", StringComparison.Ordinal)));
        Assert.Single(bench.Log.Lines, line => line.Contains("taken again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_hour_without_any_answer_is_named_once_and_loses_nothing_that_fits_in_the_spool()
    {
        await using var store = await TestStore.StartAsync();
        store.Always = TestStore.Hang;
        await using var bench = new ExportBench(new SpoolOptions { MemoryReadings = 1000 }, ExportBench.To(store));
        await bench.RunAsync();
        bench.Take(1);
        Wait.Until(() => !store.Requests.IsEmpty);
        var until = bench.Clock.GetUtcNow() + TimeSpan.FromHours(1);
        var taken = 1;
        while (bench.Clock.GetUtcNow() < until)
        {
            bench.Take(++taken);
        }

        bench.Until(() => store.Requests.Count > 2, null, store);
        Assert.Single(bench.Log.Lines, line => line.Contains("did not answer in time", StringComparison.Ordinal));
        store.Always = null;
        bench.Until(() => store.Stored.Count == taken, null, store);
        Assert.Equal(Enumerable.Range(1, taken).Select(each => (double)each), store.Values);
        Assert.Equal(0, bench.Counted("netpulse_export_overflowed_samples_total"));
    }

    [Fact]
    public async Task A_request_that_is_too_large_is_sent_in_smaller_ones()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store, readings: 2));
        store.Answers.Enqueue(TestStore.Status(413, "request body too large"));
        bench.Take(1, 2);
        await bench.RunAsync();
        Wait.Until(() => store.Stored.Count == 2);
        Assert.Equal([1, 2], store.Values);
        Assert.Equal(0, bench.Counted("netpulse_export_refused_samples_total"));
    }

    [Fact]
    public async Task A_server_whose_grpc_messages_have_a_limit_is_sent_smaller_ones_until_they_fit()
    {
        const int Series = 9_000;
        await using var store = await TestStore.StartAsync(HttpProtocols.Http2);
        var taken = 0;
        store.Always = async context =>
        {
            var fits = store.Requests.Last().Body.Length < 30_000;
            taken += fits ? 1 : 0;
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", fits ? "0" : "8");
        };
        await using var bench = new ExportBench(null, ExportBench.To(store));
        await bench.RunAsync(_ => new OtlpFormat(store.Address, OtlpProtocol.Grpc, bench.Clock));
        var writer = new SampleWriter(bench.Clock.GetUtcNow());
        foreach (var i in Enumerable.Range(0, Series))
        {
            writer.Write(TcpMetrics.IoBytes, LabelSet.Of(TcpMetrics.IoBytes.Name, ("i", i.ToString(CultureInfo.InvariantCulture))), i * 7_919.0);
        }

        bench.Spool.Take(new Reading(writer.At, writer.Families()));
        bench.Until(() => bench.Counted("netpulse_export_sent_samples_total", "store") >= Series, TimeSpan.FromSeconds(1), store);
        Assert.Equal(Series, bench.Counted("netpulse_export_sent_samples_total", "store"));
        Assert.True(taken > 1, "it was sent whole");
        Assert.True(bench.Counted("netpulse_export_retries_total", "store") > 0, "nothing was too large");
        Assert.Equal(0, bench.Counted("netpulse_export_refused_samples_total"));
    }

    [Fact]
    public async Task An_answer_in_a_character_set_that_nobody_knows_is_an_answer()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store));
        store.Answers.Enqueue(context =>
        {
            context.Response.ContentType = "text/html; charset=utf8";
            return TestStore.Status(503, "away für long")(context);
        });
        await bench.RunAsync();
        bench.Take(1);
        bench.Until(() => store.Stored.Count == 1, null, store);
        Assert.Contains(bench.Log.Lines, line => line.Contains("503 away für long", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_of_two_lines_is_named_and_waited_for()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "secret\nsecond\n");
            await using var store = await TestStore.StartAsync();
            var options = ExportBench.To(store);
            options.TokenFile = file;
            await using var bench = new ExportBench(null, options);
            await bench.RunAsync();
            bench.Take(1);
            Wait.Until(() => bench.Log.Lines.Any(line => line.Contains($"{file} must hold a token on one line", StringComparison.Ordinal)));
            Assert.DoesNotContain(bench.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
            await File.WriteAllTextAsync(file, "token\n");
            bench.Until(() => store.Stored.Count == 1, null, store);
            Assert.Equal("Bearer token", store.Requests.Single().Headers["Authorization"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_link_with_too_little_bandwidth_costs_resolution_and_no_count()
    {
        await using var store = await TestStore.StartAsync();
        var options = ExportBench.To(store);
        options.BytesPerSecond = 100;
        await using var bench = new ExportBench(null, options);
        await bench.RunAsync();
        var started = bench.Clock.GetUtcNow();
        var random = new Random(1);
        for (var total = 1; total <= 60; total++)
        {
            // Values that compress badly: a reading takes more than the link carries until the next.
            var writer = new SampleWriter(bench.Clock.GetUtcNow());
            foreach (var i in Enumerable.Range(0, 150))
            {
                writer.Write(TcpMetrics.IoBytes, LabelSet.Of(TcpMetrics.IoBytes.Name, ("i", i.ToString(CultureInfo.InvariantCulture))), (total * 1e6) + random.Next(1_000_000));
            }

            bench.Spool.Take(new Reading(writer.At, writer.Families()));
            var next = bench.Clock.GetUtcNow() + TimeSpan.FromSeconds(10);
            bench.Until(() => bench.Clock.GetUtcNow() >= next, TimeSpan.FromSeconds(2), store);
        }

        bench.Until(() => store.Stored.Any(sample => sample.Value >= 58e6), null, store);
        var bytes = store.Requests.Sum(request => (double)request.Body.Length);
        Assert.InRange(bytes / (bench.Clock.GetUtcNow() - started).TotalSeconds, 1, 110);
        Assert.True(bench.Counted("netpulse_export_kept_every", "store") >= 2, "every reading was sent");
        Assert.True(bench.Counted("netpulse_export_thinned_samples_total", "store") > 0, "nothing was left out");
        Assert.Equal(0, bench.Counted("netpulse_export_overflowed_samples_total"));
        Assert.Equal(store.Stored.Select(sample => sample.UnixMilliseconds).Order(), store.Stored.Select(sample => sample.UnixMilliseconds));
    }

    [Fact]
    public async Task Each_destination_gets_what_it_may_and_what_none_takes_is_counted()
    {
        await using var store = await TestStore.StartAsync();
        await using var other = await TestStore.StartAsync();
        var eu = ExportBench.To(store, "eu");
        eu.Match = new() { ["zone"] = ["eu-1", "eu-2"] };
        var shop = ExportBench.To(other, "shop");
        shop.Match = new() { ["namespace"] = ["shop"] };
        await using var bench = new ExportBench(null, eu, shop);
        using var meter = new System.Diagnostics.Metrics.Meter("NetPulse.Collector");
        var unrouted = new UnroutedSamples([new LabelMatch(eu.Match), new LabelMatch(shop.Match)], meter);
        await bench.RunAsync();
        foreach (var reading in new[] { bench.ReadingOf(1, ("zone", "eu-1")), bench.ReadingOf(2, ("zone", "us-1")), bench.ReadingOf(3, ("zone", "eu-2"), ("namespace", "shop")), bench.ReadingOf(4, ("namespace", "shop")) })
        {
            bench.Spool.Take(reading);
            unrouted.Take(reading);
        }

        Wait.Until(() => store.Stored.Count == 2 && other.Stored.Count == 2);
        Assert.Equal([1, 3], store.Values);
        Assert.Equal([3, 4], other.Values);
        Assert.Equal(1, bench.Counted("netpulse_export_unrouted_samples_total"));
    }

    [Fact]
    public async Task A_destination_that_is_away_holds_up_no_other()
    {
        await using var store = await TestStore.StartAsync();
        await using var away = await TestStore.StartAsync();
        away.Always = TestStore.Hang;
        await using var bench = new ExportBench(new SpoolOptions { MemoryReadings = 4 }, ExportBench.To(store, "here"), ExportBench.To(away, "away"));
        await bench.RunAsync();
        bench.Take(1);
        Wait.Until(() => away.Hanging == 1);
        for (var i = 1; i <= 20; i++)
        {
            Wait.Until(() => store.Stored.Count == i);
            if (i < 20)
            {
                bench.Take(i + 1);
            }
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(each => (double)each), store.Values);
        Assert.Equal(0, bench.Counted("netpulse_export_overflowed_samples_total", "here"));

        // One is in its hands, four wait.
        Assert.Equal(15, bench.Counted("netpulse_export_overflowed_samples_total", "away"));
        Assert.Equal(4, bench.Counted("netpulse_export_waiting_readings", "away"));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_sends_no_series_out_of_order_in_one_request()
    {
        await using var store = await TestStore.StartAsync();
        await using var bench = new ExportBench(null, ExportBench.To(store, readings: 3));
        var now = bench.ReadingOf(1);
        bench.Clock.Advance(TimeSpan.FromSeconds(10));
        var later = bench.ReadingOf(2);
        bench.Spool.Take(later);
        bench.Spool.Take(now);
        bench.Spool.Take(now with { Families = bench.ReadingOf(3).Families });
        await bench.RunAsync();
        Wait.Until(() => store.Stored.Count == 2);
        Assert.Equal([1, 3], store.Values);
    }

    [Fact]
    public async Task Credentials_come_from_files_that_are_read_anew_each_time()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "first\n");
            await using var store = await TestStore.StartAsync();
            var options = ExportBench.To(store);
            options.TokenFile = file;
            options.Headers = new() { ["X-Scope-OrgID"] = "tenant" };
            await using var bench = new ExportBench(null, options);
            await bench.RunAsync();
            bench.Take(1);
            Wait.Until(() => store.Stored.Count == 1);
            await File.WriteAllTextAsync(file, "second");
            bench.Take(2);
            Wait.Until(() => store.Stored.Count == 2);
            Assert.Equal(["Bearer first", "Bearer second"], store.Requests.Select(request => request.Headers["Authorization"]));
            Assert.All(store.Requests, request => Assert.Equal("tenant", request.Headers["X-Scope-OrgID"]));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
