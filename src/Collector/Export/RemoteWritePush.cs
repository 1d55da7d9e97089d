using System.Diagnostics.Metrics;
using NetPulse.Telemetry.Store;

namespace NetPulse.Collector.Export;

/// <summary>Sends readings to a store, in order. What the store refuses for good is dropped and counted; while it is away, readings wait.</summary>
public sealed partial class RemoteWritePush : BackgroundService
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly ReadingQueue queue;
    private readonly ISampleStore store;
    private readonly TimeProvider time;
    private readonly ILogger<RemoteWritePush> logger;
    private readonly Counter<long> sent;
    private readonly Counter<long> refused;
    private readonly Counter<long> retried;
    private string? knownProblem;

    public RemoteWritePush(ReadingQueue queue, ISampleStore store, TimeProvider time, Meter meter, ILogger<RemoteWritePush> logger)
    {
        this.queue = queue;
        this.store = store;
        this.time = time;
        this.logger = logger;
        sent = meter.CreateCounter<long>("netpulse_remote_write_sent_samples", description: "Samples that the store has acknowledged.");
        refused = meter.CreateCounter<long>("netpulse_remote_write_refused_samples", description: "Samples dropped because the store refused them for good.");
        retried = meter.CreateCounter<long>("netpulse_remote_write_retries", description: "Requests that failed and were tried again.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delay = FirstDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            var reading = await queue.PeekAsync(stoppingToken);
            try
            {
                await store.AppendAsync(reading.Samples(), stoppingToken);
                queue.Remove(reading);
                sent.Add(reading.SampleCount);
                delay = FirstDelay;
                if (knownProblem is not null)
                {
                    knownProblem = null;
                    LogRecovered();
                }
            }
            catch (SampleStoreException e) when (e.Retryable)
            {
                retried.Add(1);
                Report(e);

                // Many nodes lose a store at the same moment: they must not come back at the same moment.
                var wait = e.RetryAfter is { } asked && asked > delay ? asked : delay;
                await Task.Delay(wait * (1 + Random.Shared.NextDouble() / 2), time, stoppingToken);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
            }
            catch (SampleStoreException e)
            {
                queue.Remove(reading);
                refused.Add(reading.SampleCount);
                Report(e);
            }
        }
    }

    private void Report(SampleStoreException e)
    {
        if (knownProblem != e.Message)
        {
            knownProblem = e.Message;
            LogFailed(e.Retryable ? "kept and sent again" : "dropped", e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Readings cannot be pushed and are {Fate}: {Problem}")]
    private partial void LogFailed(string fate, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Readings are pushed again")]
    private partial void LogRecovered();
}
