using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using NetPulse.Telemetry.Query;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Prometheus;
using NetPulse.Telemetry.Tests.Store;
using NetPulse.Telemetry.Tests.Store.Embedded;
using NetPulse.Telemetry.Tests.Store.Prometheus;

namespace NetPulse.Telemetry.Tests.Query;

/// <summary>A real Prometheus and our engine over the embedded store are given the same samples, and asked the same.</summary>
public sealed class PrometheusAgreementTests : IAsyncLifetime, IDisposable
{
    private const int Seed = 20261122;
    private const int Queries = 600;
    private const double Tolerance = 1e-9;

    private readonly StoreRig rig = new();
    private readonly HttpClient client = new();
    private ServerProcess? prometheus;
    private PromQlEngine? engine;
    private DateTimeOffset start;

    public async Task InitializeAsync()
    {
        if (InstalledServer.ReasonToSkip("prometheus") is not null)
        {
            return;
        }

        start = rig.Clock.GetUtcNow() - QueryData.Length;
        var samples = QueryData.From(start, new Random(Seed));
        prometheus = await ServerProcess.StartPrometheusAsync(client);
        await new PrometheusStore(client, new Uri(prometheus.Address, "api/v1/write"), prometheus.Address, TimeProvider.System).AppendAsync(samples, CancellationToken.None);
        await rig.AppendAsync([.. samples]);
        engine = new PromQlEngine(rig.Store, new PromQlLimits());
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        prometheus?.Dispose();
        client.Dispose();
        rig.Dispose();
    }

    [PrometheusFact]
    public async Task Every_generated_query_gives_what_Prometheus_gives()
    {
        var random = new Random(Seed);
        var generator = new QueryGenerator(random);
        var differences = new List<string>();
        var answered = 0;
        for (var i = 0; i < Queries; i++)
        {
            var query = generator.Query();
            var at = start + (QueryData.Length * random.NextDouble());
            var steps = new QuerySteps(at, at + TimeSpan.FromMinutes(random.Next(1, 30)), TimeSpan.FromSeconds(random.Next(3, 90)));
            var isRange = i % 2 == 0;
            var theirs = await TheirsAsync(query, at, isRange ? steps : null);
            var ours = await OursAsync(query, at, isRange ? steps : null);
            answered += theirs.Refusal is null ? 1 : 0;
            if (Difference(theirs, ours) is { } difference)
            {
                differences.Add($"{(isRange ? steps.ToString() : at.ToString("O"))}  {query}\n    {difference}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count} of {Queries}:\n{string.Join('\n', differences.Take(40))}");
        Assert.InRange(answered, Queries / 2, Queries);
    }

    private async Task<Answer> OursAsync(string query, DateTimeOffset at, QuerySteps? steps)
    {
        try
        {
            var answer = steps is { } range
                ? await engine!.QueryRangeAsync(query, range, CancellationToken.None)
                : await engine!.QueryAsync(query, at, CancellationToken.None);
            return answer switch
            {
                QueryAnswer.Scalar scalar => new Answer(null, [(LabelSet.Empty, [(scalar.UnixMilliseconds, scalar.Value)])]),
                QueryAnswer.Vector vector => new Answer(null, [.. vector.Samples.Select(one => (one.Labels, ImmutableArray.Create((one.UnixMilliseconds, one.Value))))]),
                QueryAnswer.Matrix matrix => new Answer(null, [.. matrix.Series.Select(one => (one.Labels, Points(one)))]),
                _ => throw new InvalidOperationException(),
            };
        }
        catch (PromQlException e)
        {
            return new Answer(e.Message, []);
        }
    }

    private static ImmutableArray<(long At, double Value)> Points(TimeSeries series) =>
        [.. Enumerable.Range(0, series.Count).Select(i => (series.UnixMilliseconds.Span[i], series.Values.Span[i]))];

    private async Task<Answer> TheirsAsync(string query, DateTimeOffset at, QuerySteps? steps)
    {
        var form = new Dictionary<string, string> { ["query"] = query };
        if (steps is { } range)
        {
            form["start"] = Seconds(range.From);
            form["end"] = Seconds(range.To);
            form["step"] = range.Step.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            form["time"] = Seconds(at);
        }

        using var content = new FormUrlEncodedContent(form);
        using var response = await client.PostAsync(new Uri(prometheus!.Address, steps is null ? "api/v1/query" : "api/v1/query_range"), content);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (document.RootElement.GetProperty("status").GetString() != "success")
        {
            return new Answer(document.RootElement.GetProperty("error").GetString(), []);
        }

        var result = document.RootElement.GetProperty("data").GetProperty("result");
        return document.RootElement.GetProperty("data").GetProperty("resultType").GetString() switch
        {
            "scalar" => new Answer(null, [(LabelSet.Empty, [Point(result)])]),
            "vector" => new Answer(null, [.. result.EnumerateArray().Select(one => (Labels(one), ImmutableArray.Create(Point(one.GetProperty("value")))))]),
            _ => new Answer(null, [.. result.EnumerateArray().Select(one => (Labels(one), one.GetProperty("values").EnumerateArray().Select(Point).ToImmutableArray()))]),
        };
    }

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1000m).ToString(CultureInfo.InvariantCulture);

    private static LabelSet Labels(JsonElement one) =>
        LabelSet.From(one.GetProperty("metric").EnumerateObject().Select(label => new Label(label.Name, label.Value.GetString()!)));

    private static (long At, double Value) Point(JsonElement point)
    {
        Assert.True(PromQlNumber.TryParse(point[1].GetString(), out var value));
        return ((long)decimal.Round(point[0].GetDecimal() * 1000), value);
    }

    private static string? Difference(Answer theirs, Answer ours)
    {
        if (theirs.Refusal is not null || ours.Refusal is not null)
        {
            return theirs.Refusal is null || ours.Refusal is null ? $"refused by them: {theirs.Refusal}; by us: {ours.Refusal}" : null;
        }

        var unmatched = ours.Series.ToDictionary(one => one.Labels, one => one.Points);
        foreach (var (labels, points) in theirs.Series)
        {
            if (!unmatched.Remove(labels, out var mine))
            {
                return $"only theirs: {labels}";
            }

            if (!points.Select(point => point.At).SequenceEqual(mine.Select(point => point.At)))
            {
                return $"{labels} has other times: theirs {string.Join(',', points.Select(p => p.At).Except(mine.Select(p => p.At)).Take(3))} ours {string.Join(',', mine.Select(p => p.At).Except(points.Select(p => p.At)).Take(3))}";
            }

            for (var i = 0; i < points.Length; i++)
            {
                if (!AreAlike(points[i].Value, mine[i].Value))
                {
                    return $"{labels} at {points[i].At}: theirs {points[i].Value:R}, ours {mine[i].Value:R}";
                }
            }
        }

        return unmatched.Count > 0 ? $"only ours: {unmatched.Keys.First()}" : null;
    }

    [SuppressMessage("Major Bug", "S1244", Justification = "Infinities have no difference.")]
    private static bool AreAlike(double left, double right) =>
        left.Equals(right) || Math.Abs(left - right) <= Tolerance * Math.Max(Math.Abs(left), Math.Abs(right));

    private sealed record Answer(string? Refusal, ImmutableArray<(LabelSet Labels, ImmutableArray<(long At, double Value)> Points)> Series);
}
