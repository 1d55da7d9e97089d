using System.Net;
using System.Net.Sockets;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>A resolver that does with each query what its test says. Names are not looked at: the answer is the query with other flags.</summary>
internal sealed class DnsServer : IDisposable
{
    private readonly Socket datagrams;
    private readonly Socket listener;
    private readonly Func<byte[], IEnumerable<byte[]>> answers;

    /// <param name="datagrams">Bound to port 53.</param>
    /// <param name="listener">Likewise, not listening yet.</param>
    /// <param name="answers">What is sent back to a query, nothing or several things.</param>
    public DnsServer(Socket datagrams, Socket listener, Func<byte[], IEnumerable<byte[]>> answers)
    {
        this.datagrams = datagrams;
        this.listener = listener;
        this.answers = answers;
        listener.Listen();
        _ = Task.Factory.StartNew(ServeDatagrams, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _ = Task.Factory.StartNew(ServeStreams, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>A query for one name of the type A, with recursion desired.</summary>
    public static byte[] Query(ushort id, int questions = 1, bool hasEdns = false)
    {
        List<byte> message = [(byte)(id >> 8), (byte)id, 1, 0, 0, (byte)questions, 0, 0, 0, 0, 0, (byte)(hasEdns ? 1 : 0)];
        for (var i = 0; i < questions; i++)
        {
            message.AddRange([4, (byte)'n', (byte)'a', (byte)'m', (byte)'e', 0, 0, 1, 0, 1]);
        }

        message.AddRange(hasEdns ? [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0] : []);
        return [.. message];
    }

    public static byte[] Answer(byte[] query, byte code = 0, bool isTruncated = false)
    {
        var answer = (byte[])query.Clone();
        answer[2] = (byte)(isTruncated ? 0x83 : 0x81);
        answer[3] = (byte)(0x80 | code);
        return answer;
    }

    /// <summary>A message as it goes over a stream.</summary>
    public static byte[] Framed(byte[] message) => [(byte)(message.Length >> 8), (byte)message.Length, .. message];

    public void Dispose()
    {
        datagrams.Dispose();
        listener.Dispose();
    }

    private void ServeDatagrams()
    {
        var buffer = new byte[4_096];
        try
        {
            while (true)
            {
                EndPoint sender = new IPEndPoint(datagrams.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                var length = datagrams.ReceiveFrom(buffer, ref sender);
                foreach (var answer in answers(buffer[..length]))
                {
                    datagrams.SendTo(answer, sender);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void ServeStreams()
    {
        try
        {
            while (true)
            {
                using var stream = new NetworkStream(listener.Accept(), ownsSocket: true);
                var length = new byte[2];
                while (stream.ReadAtLeast(length, 2, throwOnEndOfStream: false) == 2)
                {
                    var query = new byte[(length[0] << 8) | length[1]];
                    stream.ReadExactly(query);
                    foreach (var answer in answers(query))
                    {
                        stream.Write(Framed(answer));
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
