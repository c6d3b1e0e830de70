---@meta _

---Characters of several bytes, as in Lua 5.3.
utf8 = {}

---A pattern that matches one character.
utf8.charpattern = ""

---The text of characters by their numbers.
---@param ... integer
---@return string
function utf8.char(...) end

---The numbers of the characters that begin from byte `i` to `j`.
---@param s string
---@param i? integer
---@param j? integer
---@return integer ...
function utf8.codepoint(s, i, j) end

---All characters: `for place, number in utf8.codes(s) do … end`.
---@param s string
---@return fun(s: string, place: integer): integer, integer
---@return string
---@return integer
function utf8.codes(s) end

---How many characters begin from byte `i` to `j`; nil and the first wrong byte if it is not UTF-8.
---@param s string
---@param i? integer
---@param j? integer
---@return integer|nil
---@return integer?
function utf8.len(s, i, j) end

---The byte at which the `n`-th character from byte `i` begins.
---@param s string
---@param n integer
---@param i? integer
---@return integer
function utf8.offset(s, n, i) end

---Operations on the 32 bits of numbers, as in LuaJIT.
bit = {}

---@param x integer
---@param n integer
---@return integer
function bit.arshift(x, n) end

---@param x integer
---@param ... integer
---@return integer
function bit.band(x, ...) end

---@param x integer
---@return integer
function bit.bnot(x) end

---@param x integer
---@param ... integer
---@return integer
function bit.bor(x, ...) end

---@param x integer
---@return integer
function bit.bswap(x) end

---@param x integer
---@param ... integer
---@return integer
function bit.bxor(x, ...) end

---@param x integer
---@param n integer
---@return integer
function bit.lshift(x, n) end

---@param x integer
---@param n integer
---@return integer
function bit.rol(x, n) end

---@param x integer
---@param n integer
---@return integer
function bit.ror(x, n) end

---@param x integer
---@param n integer
---@return integer
function bit.rshift(x, n) end

---@param x integer
---@return integer
function bit.tobit(x) end

---@param x integer
---@param digits? integer
---@return string
function bit.tohex(x, digits) end

---The list of the arguments, with their number as `n`.
---@param ... any
---@return table
function table.pack(...) end

---What is in a list from `i` to `j`.
---@param list table
---@param i? integer
---@param j? integer
---@return any ...
function table.unpack(list, i, j) end

---As string.gmatch.
---@param s string
---@param pattern string
---@return fun(): string, ...
function string.gfind(s, pattern) end

---Declares a test, in a file of tests: what require "test" returns.
---@type showrun.test
test = {}
