using System.Text.Json;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Http;

namespace NetPulse.Telemetry.Store.Influx;

/// <summary>Takes in the answer of <c>/query</c>, whole or in chunks; a series that is spread over several chunks becomes one.</summary>
/// <remarks>Source: docs.influxdata.com/influxdb/v1/guides/query_data. Times in milliseconds (<c>epoch=ms</c>).</remarks>
internal sealed class InfluxQlAnswer
{
    private readonly Dictionary<LabelSet, IncomingSeries> series = [];
    private readonly List<Label> labels = [];
    private IncomingSeries? current;
    private string top = "";
    private string part = "";
    private string field = "";
    private string tag = "";
    private long? at;

    /// <summary>What the server says went wrong with the query; <see langword="null"/>: nothing.</summary>
    public string? Error { get; private set; }

    public bool HasResults { get; private set; }

    public JsonTokens Decoder() => new(Handle);

    public IReadOnlyList<TimeSeries> Series() => [.. series.Select(static one => one.Value.Take(one.Key))];

    private void Handle(ref Utf8JsonReader reader)
    {
        switch (reader.CurrentDepth, reader.TokenType)
        {
            case (1, JsonTokenType.PropertyName):
                top = reader.GetString()!;
                break;
            case (1, JsonTokenType.StartArray) when top == "results":
                HasResults = true;
                break;
            case (1, JsonTokenType.String) when top == "error":
                Error = reader.GetString();
                break;
            case (3, JsonTokenType.PropertyName):
                part = reader.GetString()!;
                break;
            case (3, JsonTokenType.String) when part == "error":
                Error = reader.GetString();
                break;
            case (4, JsonTokenType.StartObject):
                labels.Clear();
                current = null;
                break;
            case (5, JsonTokenType.PropertyName):
                field = reader.GetString()!;
                break;
            case (5, JsonTokenType.String) when field == "name":
                labels.Add(new Label(LabelSet.MetricName, LineProtocolEncoder.Text(reader.GetString()!)));
                break;
            case (6, JsonTokenType.PropertyName):
                tag = reader.GetString()!;
                break;
            case (6, JsonTokenType.String) when field == "tags":
                labels.Add(new Label(tag, LineProtocolEncoder.Text(reader.GetString()!)));
                break;
            case (7, _) when field == "values":
                HandleCell(ref reader);
                break;
        }
    }

    /// <summary>A row is a time and the field's value.</summary>
    private void HandleCell(ref Utf8JsonReader reader)
    {
        if (at is not { } time)
        {
            at = reader.GetInt64();
            return;
        }

        if (reader.TokenType == JsonTokenType.Number)
        {
            if (current is null)
            {
                // name and tags stand before the values
                var key = LabelSet.From(labels);
                if (!series.TryGetValue(key, out current))
                {
                    current = new IncomingSeries();
                    series.Add(key, current);
                }
            }

            current.Add(time, reader.GetDouble());
        }

        at = null;
    }
}
