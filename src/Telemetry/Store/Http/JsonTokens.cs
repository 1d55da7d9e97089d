using System.Buffers;
using System.Text.Json;

namespace NetPulse.Telemetry.Store.Http;

/// <param name="reader">At the token.</param>
internal delegate void JsonToken(ref Utf8JsonReader reader);

/// <summary>Reads JSON as it comes in, token by token: what is kept of it is what the handler keeps.</summary>
internal sealed class JsonTokens(JsonToken handle)
{
    private const int InitialBytes = 64 << 10;

    /// <exception cref="JsonException">It is no JSON, or ends too early.</exception>
    public async Task ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
        try
        {
            var filled = 0;
            // InfluxDB sends chunks: several values, one after the other
            var state = new JsonReaderState(new JsonReaderOptions { AllowMultipleValues = true });
            while (true)
            {
                if (filled == buffer.Length)
                {
                    // one token is longer than all of the buffer
                    var longer = ArrayPool<byte>.Shared.Rent(checked(buffer.Length * 2));
                    buffer.AsSpan(0, filled).CopyTo(longer);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = longer;
                }

                var read = await body.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                filled += read;
                var used = Handle(buffer.AsSpan(0, filled), read == 0, ref state);
                if (read == 0)
                {
                    return;
                }

                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int Handle(ReadOnlySpan<byte> bytes, bool isLast, ref JsonReaderState state)
    {
        var reader = new Utf8JsonReader(bytes, isLast, state);
        while (reader.Read())
        {
            handle(ref reader);
        }

        state = reader.CurrentState;
        return (int)reader.BytesConsumed;
    }
}
