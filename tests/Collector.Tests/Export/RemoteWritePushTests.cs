using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NetPulse.Collector.Export;
using NetPulse.Collector.Sampling;
using NetPulse.Collector.Sources;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Prometheus;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Export;

/// <summary>Against a real HTTP server on loopback that answers as told.</summary>
public sealed class RemoteWritePushTests : IAsyncLifetime, IDisposable
{
    private static readonly MetricDefinition Metric = new("netpulse_test", MetricKind.Gauge, "", "", "");

    private readonly TestClock clock = new();
    private readonly Meter meter = new("NetPulse.Collector");
    private readonly LogLines log = new();
    private readonly ConcurrentQueue<int> answers = [];
    private readonly ConcurrentQueue<double> stored = [];
    private readonly HttpClient client = new();
    private readonly WebApplication server;
    private int requests;

    public RemoteWritePushTests()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore();
        server = builder.Build();
        server.MapPost("/api/v1/write", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Interlocked.Increment(ref requests);
            context.Response.StatusCode = answers.TryDequeue(out var answer) ? answer : StatusCodes.Status204NoContent;
            if (context.Response.StatusCode < 300)
            {
                foreach (var sample in RemoteWriteDecoder.Decode(body.ToArray(), RemoteWriteLimits.Default))
                {
                    stored.Enqueue(sample.Value);
                }
            }
        });
    }

    public async Task InitializeAsync() => await server.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose()
    {
        client.Dispose();
        meter.Dispose();
    }

    [Fact]
    public async Task Readings_arrive_in_order_also_when_the_store_fails_in_between()
    {
        using var queue = new ReadingQueue(10, meter);
        using var push = NewPush(queue);
        answers.Enqueue(503);
        answers.Enqueue(429);
        for (var i = 1; i <= 3; i++)
        {
            queue.Take(ReadingOf(i));
        }

        await push.StartAsync(CancellationToken.None);
        Wait.Until(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return stored.Count == 3;
        });
        Assert.Equal([1, 2, 3], stored);
        Assert.Equal(0, queue.Count);
        await push.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task What_the_store_refuses_for_good_is_dropped_counted_and_named_once()
    {
        using var self = new SelfMetrics(new NodeName("n"));
        using var queue = new ReadingQueue(10, meter);
        using var push = NewPush(queue);
        answers.Enqueue(400);
        answers.Enqueue(400);
        for (var i = 1; i <= 3; i++)
        {
            queue.Take(ReadingOf(i));
        }

        await push.StartAsync(CancellationToken.None);
        Wait.Until(() => stored.Count == 1);
        Assert.Equal([3], stored);
        Assert.Equal(2, Counted(self, "netpulse_remote_write_refused_samples_total"));
        Assert.Single(log.Lines, line => line.Contains("dropped", StringComparison.Ordinal));
        await push.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task While_the_store_is_away_the_oldest_give_way_and_are_counted()
    {
        using var self = new SelfMetrics(new NodeName("n"));
        using var queue = new ReadingQueue(2, meter);
        using var push = NewPush(queue);
        answers.Enqueue(500);
        queue.Take(ReadingOf(1));
        await push.StartAsync(CancellationToken.None);
        Wait.Until(() => Volatile.Read(ref requests) == 1);
        for (var i = 2; i <= 5; i++)
        {
            queue.Take(ReadingOf(i));
        }

        Assert.Equal(3, Counted(self, "netpulse_remote_write_overflowed_samples_total"));
        Wait.Until(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return stored.Count == 2;
        });
        Assert.Equal([4, 5], stored);
        await push.StopAsync(CancellationToken.None);
    }

    private static Reading ReadingOf(double value)
    {
        var writer = new SampleWriter(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(value));
        writer.Write(Metric, LabelSet.Of(Metric.Name), value);
        return new Reading(writer.At, writer.Families());
    }

    private static double Counted(SelfMetrics self, string metric)
    {
        var writer = new SampleWriter(DateTimeOffset.UnixEpoch);
        self.Read(writer);
        return writer.Families().Single(family => family.Metric.Name == metric).Samples[0].Value;
    }

    private RemoteWritePush NewPush(ReadingQueue queue)
    {
        var address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new RemoteWritePush(queue, new PrometheusStore(client, new Uri(address, "/api/v1/write"), address, clock), clock, meter, log.For<RemoteWritePush>());
    }
}
