using NetPulse.Collector.Export.Formats;
using NetPulse.Collector.Export.Spool;

namespace NetPulse.Collector.Export.Delivery;

/// <summary>Sends readings to one place, in order. While it is away they wait in the spool; what it refuses for good is dropped and counted.</summary>
internal sealed partial class Destination : BackgroundService
{
    private const int SmallestRequestSamples = 500;
    private const int LargestRequestSamples = 10_000;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    private readonly DestinationOptions options;
    private readonly IWireFormat format;
    private readonly SpoolReader spool;
    private readonly HttpClient client;
    private readonly TimeProvider time;
    private readonly DeliveryMeter meter;
    private readonly ILogger logger;
    private readonly LabelMatch match;
    private readonly Credentials credentials;
    private readonly Pace pace;
    private readonly Resolution resolution;
    private readonly KeyValuePair<string, object?> tag;
    private int requestSamples = LargestRequestSamples;
    private TimeSpan delay = FirstDelay;
    private string? knownProblem;

    public Destination(DestinationOptions options, IWireFormat format, SpoolReader spool, HttpClient client, TimeProvider time, DeliveryMeter meter, ILogger<Destination> logger)
    {
        this.options = options;
        this.format = format;
        this.spool = spool;
        this.client = client;
        this.time = time;
        this.meter = meter;
        this.logger = logger;
        match = new LabelMatch(options.Match);
        credentials = new Credentials(options);
        pace = new Pace(options.BytesPerSecond, time);
        resolution = new Resolution(options.BytesPerSecond);
        tag = DeliveryMeter.Tag(options.Name);
        meter.ObserveKeptEvery(options.Name, () => resolution.KeepEvery);
    }

    public override void Dispose()
    {
        base.Dispose();
        spool.Dispose();
        client.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var (readings, through) = await NextBatchAsync(stoppingToken);
            await DeliverAsync(readings, stoppingToken);
            spool.MoveTo(through);
        }
    }

    /// <summary>As many readings as are sent together, or as have come when the first has waited long enough.</summary>
    private async Task<(List<NumberedReading> Readings, long Through)> NextBatchAsync(CancellationToken cancellationToken)
    {
        var batch = new List<NumberedReading>(options.Readings);
        var next = spool.Next;
        var waitsSince = 0L;
        while (true)
        {
            var arrived = spool.Arrived;
            while (batch.Count < options.Readings && spool.Read(next) is { } found)
            {
                next = found.Number + 1;
                if (!resolution.Keeps(found.Number))
                {
                    meter.Thinned.Add(found.Reading.SampleCount, tag);
                    continue;
                }

                waitsSince = batch.Count == 0 ? time.GetTimestamp() : waitsSince;
                batch.Add(found);
            }

            var left = batch.Count == 0 ? Timeout.InfiniteTimeSpan : options.MaxWait - time.GetElapsedTime(waitsSince);
            if (batch.Count == options.Readings || (batch.Count > 0 && left <= TimeSpan.Zero))
            {
                return (batch, next - 1);
            }

            try
            {
                await arrived.WaitAsync(left, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                return (batch, next - 1);
            }
        }
    }

    private async Task DeliverAsync(List<NumberedReading> readings, CancellationToken cancellationToken)
    {
        var bytes = 0L;
        var parts = new Stack<IReadOnlyList<SeriesPoints>>(SeriesBatch.Of([.. readings.Select(one => one.Reading)], match, requestSamples).Reverse());
        while (parts.TryPop(out var part))
        {
            var body = format.Encode(part);
            var samples = SeriesBatch.Samples(part) - body.Unwritable;
            bytes += body.Bytes.Length;
            Refuse(body.Unwritable, "its format has no way to write them (values that are not finite)");
            switch (samples == 0 ? Answer.Accepted.Whole : await SendAsync(body, cancellationToken))
            {
                case Answer.Accepted accepted:
                    Refuse(Math.Min(accepted.RefusedSamples, samples), accepted.Problem);
                    meter.Sent.Add(samples - Math.Min(accepted.RefusedSamples, samples), tag);
                    Recover(accepted.RefusedSamples + body.Unwritable > 0);
                    break;
                case Answer.TryAgain failure:
                    bytes -= body.Bytes.Length;
                    if (failure.InLess)
                    {
                        HalveRequests();
                    }

                    PutBack(parts, SeriesBatch.Samples(part) > requestSamples ? SeriesBatch.Halves(part) : [part]);
                    if (GiveUpTooOld(readings, parts))
                    {
                        return;
                    }

                    meter.Retries.Add(1, tag);
                    await WaitAsync(failure, cancellationToken);
                    break;
                case Answer.TooLarge tooLarge:
                    HalveRequests();
                    Split(parts, part, SeriesBatch.Halves(part), tooLarge.Problem);
                    break;
                case Answer.Refused refused:
                    // One time that will not do, as one that is too old, must not cost the others.
                    Split(parts, part, SeriesBatch.ByTime(part), refused.Problem);
                    break;
            }
        }

        if (bytes > 0)
        {
            resolution.Observe(readings, bytes, spool.Waiting > 2L * options.Readings * resolution.KeepEvery);
        }
    }

    private async Task<Answer> SendAsync(EncodedBody body, CancellationToken cancellationToken)
    {
        await pace.WaitAsync(body.Bytes.Length, cancellationToken);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), ends, options.Timeout, Timeout.InfiniteTimeSpan);
        try
        {
            using var request = format.Post(body);
            credentials.Sign(request);
            meter.SentBytes.Add(body.Bytes.Length, tag);
            using var response = await client.SendAsync(request, ends.Token);
            return await format.ReadAsync(response, ends.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A poor link carries a small request where a large one never ends.
            return new Answer.TryAgain("it did not answer in time", null, InLess: true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return new Answer.TryAgain(e.Message, null);
        }
    }

    private void HalveRequests() => requestSamples = Math.Max(SmallestRequestSamples, requestSamples / 2);

    /// <summary>What is in our hands gets too old as well, and the store would refuse it.</summary>
    private bool GiveUpTooOld(List<NumberedReading> readings, Stack<IReadOnlyList<SeriesPoints>> parts)
    {
        if (!readings.TrueForAll(spool.IsTooOld))
        {
            return false;
        }

        spool.CountOverflow(parts.Sum(SeriesBatch.Samples));
        return true;
    }

    private async Task WaitAsync(Answer.TryAgain failure, CancellationToken cancellationToken)
    {
        Report("kept and sent again", failure.Problem);

        // Many nodes lose a store at the same moment: they must not come back at the same moment.
        var wait = failure.After is { } asked && asked > delay ? asked : delay;
        await Task.Delay(wait * (1 + Random.Shared.NextDouble() / 2), time, cancellationToken);
        delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
    }

    private void Split(Stack<IReadOnlyList<SeriesPoints>> parts, IReadOnlyList<SeriesPoints> part, IReadOnlyList<IReadOnlyList<SeriesPoints>> smaller, string problem)
    {
        if (smaller.Count <= 1)
        {
            Refuse(SeriesBatch.Samples(part), problem);
            return;
        }

        PutBack(parts, smaller);
    }

    private static void PutBack(Stack<IReadOnlyList<SeriesPoints>> parts, IReadOnlyList<IReadOnlyList<SeriesPoints>> first)
    {
        for (var i = first.Count - 1; i >= 0; i--)
        {
            parts.Push(first[i]);
        }
    }

    private void Refuse(long samples, string problem)
    {
        if (samples > 0)
        {
            meter.Refused.Add(samples, tag);
            Report("dropped", problem);
        }
    }

    private void Recover(bool isRefusing)
    {
        delay = FirstDelay;
        requestSamples = Math.Min(LargestRequestSamples, requestSamples + SmallestRequestSamples);
        if (knownProblem is not null && !isRefusing)
        {
            knownProblem = null;
            LogRecovered(options.Name);
        }
    }

    private void Report(string fate, string problem)
    {
        // Times and series in a server's words differ from one refusal to the next.
        var kind = fate + new string([.. problem.TakeWhile(c => c is not (':' or '=' or '"'))]);
        if (knownProblem != kind)
        {
            knownProblem = kind;
            LogFailed(options.Name, options.Url, fate, problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Samples for {Destination} ({Url}) are {Fate}: {Problem}")]
    private partial void LogFailed(string destination, string url, string fate, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "Samples for {Destination} are taken again")]
    private partial void LogRecovered(string destination);
}
