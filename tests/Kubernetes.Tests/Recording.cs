using System.Collections.Immutable;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace NetPulse.Kubernetes.Tests;

/// <summary>One answer of a real kube-apiserver 1.32 or kubelet: Recordings/INDEX.md.</summary>
internal sealed record Recording(string Name, string Method, string Path, string Accept, int Status, ImmutableArray<(string Name, string Value)> Headers, byte[] Body)
{
    public static string Folder => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(ThisFile())!, "Recordings");

    public string Group => Name.Split('/')[0];

    public string Text => Encoding.UTF8.GetString(Plain);

    public JsonNode Json => JsonNode.Parse(Text)!;

    public bool IsWatch => Path.Contains("watch=1", StringComparison.Ordinal);

    /// <summary>The body as the server meant it, whether it came compressed or not.</summary>
    public byte[] Plain
    {
        get
        {
            if (Body is not [0x1f, 0x8b, ..])
            {
                return Body;
            }

            using var plain = new MemoryStream();
            using var gzip = new GZipStream(new MemoryStream(Body), CompressionMode.Decompress);
            gzip.CopyTo(plain);
            return plain.ToArray();
        }
    }

    public static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(Folder, "*.meta.json", SearchOption.AllDirectories).Select(static f => System.IO.Path.GetRelativePath(Folder, f)[..^".meta.json".Length]).Order(StringComparer.Ordinal);

    public static Recording Read(string name)
    {
        var meta = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(Folder, $"{name}.meta.json")))!;
        var body = Directory.EnumerateFiles(Folder, $"{name}.*").FirstOrDefault(f => !f.EndsWith(".meta.json", StringComparison.Ordinal) && !f.EndsWith(".times.json", StringComparison.Ordinal));
        return new Recording(
            name,
            meta["request"]!["method"]!.GetValue<string>(),
            meta["request"]!["path"]!.GetValue<string>(),
            meta["request"]!["headers"]?[nameof(Accept)]?.GetValue<string>() ?? "",
            meta["status"]!.GetValue<int>(),
            [.. meta["responseHeaders"]!.AsArray().Select(static h => (h![0]!.GetValue<string>(), h[1]!.GetValue<string>()))],
            body is null ? [] : File.ReadAllBytes(body));
    }

    private static string ThisFile([CallerFilePath] string here = "") => here;
}

/// <summary>Answers one recording, byte for byte, to whoever asks; then listens no more.</summary>
internal sealed class RecordingServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Recording recording;
    private readonly Task serving;

    public RecordingServer(Recording recording)
    {
        this.recording = recording;
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Address => new($"http://{listener.LocalEndpoint}");

    public int Requests { get; private set; }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            using (socket)
            {
                Requests++;
                await AnswerAsync(socket);
            }
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        await ReadHeadAsync(socket);
        var head = new StringBuilder($"HTTP/1.1 {recording.Status} Recorded\r\n");
        foreach (var (name, value) in recording.Headers.Where(static h => h.Name is not ("Transfer-Encoding" or "Content-Length" or "Connection")))
        {
            head.Append($"{name}: {value}\r\n");
        }

        head.Append($"Content-Length: {recording.Body.Length}\r\nConnection: close\r\n\r\n");
        await socket.SendAsync(Encoding.ASCII.GetBytes(head.ToString()));
        await socket.SendAsync(recording.Body);
        socket.Shutdown(SocketShutdown.Send);

        // Until the client has closed, or its unread bytes would reset the connection.
        var rest = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(rest) > 0)
            {
                // The body of the request.
            }
        }
        catch (SocketException)
        {
            // The client was faster.
        }
    }

    private static async Task ReadHeadAsync(Socket socket)
    {
        var read = new StringBuilder();
        var buffer = new byte[4096];
        while (!read.ToString().Contains("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(buffer) is > 0 and var count)
        {
            read.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
    }
}
