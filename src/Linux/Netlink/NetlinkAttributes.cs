using System.Buffers.Binary;

namespace NetPulse.Linux.Netlink;

/// <summary>One attribute of a netlink message.</summary>
/// <param name="type">Without the flags for nested and network order.</param>
public readonly ref struct NetlinkAttribute(int type, ReadOnlySpan<byte> value)
{
    public int Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    /// <exception cref="InvalidDataException">It is shorter than that; so for the other numbers.</exception>
    public uint UInt32 => Value.Length >= sizeof(uint) ? BitConverter.ToUInt32(Value) : throw TooShort();

    /// <inheritdoc cref="UInt32"/>
    public ushort NetworkUInt16 => Value.Length >= sizeof(ushort) ? BinaryPrimitives.ReadUInt16BigEndian(Value) : throw TooShort();

    /// <inheritdoc cref="UInt32"/>
    public uint NetworkUInt32 => Value.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32BigEndian(Value) : throw TooShort();

    /// <inheritdoc cref="UInt32"/>
    public ulong NetworkUInt64 => Value.Length >= sizeof(ulong) ? BinaryPrimitives.ReadUInt64BigEndian(Value) : throw TooShort();

    /// <summary>Up to the zero that ends it.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Value.IndexOf((byte)0) is >= 0 and var end ? Value[..end] : Value);

    /// <summary>The attributes inside this one.</summary>
    public NetlinkAttributes Nested => new(Value);

    private InvalidDataException TooShort() => new($"Netlink attribute {Type} holds {Value.Length} bytes only");
}

/// <summary>Walks attributes (<c>struct nlattr</c>, include/uapi/linux/netlink.h).</summary>
/// <remarks><see cref="MoveNext"/> throws <see cref="InvalidDataException"/> where an attribute is longer than what is left.</remarks>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> data)
{
    private const int HeaderLength = 4;
    private const int TypeMask = 0x3FFF;

    private ReadOnlySpan<byte> rest = data;

    public NetlinkAttribute Current { readonly get; private set; }

    public readonly NetlinkAttributes GetEnumerator() => this;

    public bool MoveNext()
    {
        if (rest.Length < HeaderLength)
        {
            return false;
        }

        var length = BitConverter.ToUInt16(rest);
        if (length < HeaderLength || length > rest.Length)
        {
            throw new InvalidDataException($"A netlink attribute says that it is {length} bytes long, of {rest.Length}");
        }

        Current = new NetlinkAttribute(BitConverter.ToUInt16(rest[2..]) & TypeMask, rest[HeaderLength..length]);
        rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        return true;
    }
}
